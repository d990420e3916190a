"""Which shape and colour goes with each word: never colour alone (look.md).

One table for device statuses, occurrences, runs, verdicts and containments, so that the same word
looks the same everywhere.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LOOKS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "verified": ("check", "green"),
        "passed": ("check", "green"),
        "detected": ("check", "green"),
        "accepted": ("check", "green"),
        "due": ("half", "amber"),
        "open": ("half", "amber"),
        "upcoming": ("circle", "grey"),
        "overdue": ("clock", "red"),
        "missed": ("triangle", "red"),
        "failed": ("cross", "red"),
        "false_reject": ("cross", "red"),
        "lapsed": ("broken", "red"),
        "case_open": ("tag", "red"),
        "case_reverified": ("tag", "amber"),
        "case_closed": ("check", "green"),
        "bypassed": ("struck", "violet"),
        "no_data": ("dashed", "grey"),
        "not_recording": ("drum", "red"),
        "excused": ("dash", "grey"),
        "inconclusive": ("question", "amber"),
        "never_verified": ("circle", "grey"),
        "aborted": ("stop", "grey"),
        "under_way": ("run", "grey"),
        "not_delivered": ("stop", "red"),
        "not_reached": ("dashed", "red"),
        "waiting_for_receiver": ("clock", "amber"),
        "fate_delivered": ("check", "green"),
        "fate_waiting": ("clock", "grey"),
        "fate_failing": ("clock", "amber"),
        "fate_dropped": ("dash", "grey"),
        "fate_forgotten": ("check", "grey"),
        "plan_draft": ("circle", "grey"),
        "plan_approved": ("half", "amber"),
        "plan_scheduled": ("clock", "amber"),
        "plan_in_force": ("check", "green"),
        "plan_superseded": ("dash", "grey"),
        "plan_discarded": ("struck", "grey"),
        "critical": ("circle", "red"),
        "serious": ("half", "red"),
        "notice": ("dash", "amber"),
    }
)


def case(state: str) -> str:
    """Return the word of a case's mark: its own, because a device may be due or missed beside it (D35)."""
    return f"case_{state}"


def plan(state: str) -> str:
    """Return the word of the mark of a revision of the control plan: its own, because a scheduled one is nothing that is due."""
    return f"plan_{state}"


def alarm(kind: str, severity: str) -> str:
    """Return the word of an alarm's mark: that of the state it tells of, else of how severe it is."""
    return kind if kind in LOOKS else severity


def waiting(kind: str) -> str:
    """Return the word of the mark of what waits for a person (`redrabbit.services.queries.waiting`)."""
    return _WAITING.get(kind, "due")


_WAITING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "parts_missing": "missed",
        "case": "case_open",
        "close_case": "case_reverified",
        "overdue": "overdue",
        "alarms": "critical",
        "not_delivered": "not_delivered",
        "lapses": "lapsed",
        "parts_expire": "waiting_for_receiver",
        "pulse": "inconclusive",
        "plan": "notice",
    }
)


def fate(state: str) -> str:
    """Return the word of what came of a message; one that is parked is one that was not delivered."""
    return "not_delivered" if state == "parked" else f"fate_{state}"


def shape(word: str) -> str:
    """Return the shape of a state's mark."""
    return LOOKS.get(word, ("circle", "grey"))[0]


def tone(word: str) -> str:
    """Return the colour family of a state."""
    return LOOKS.get(word, ("circle", "grey"))[1]
