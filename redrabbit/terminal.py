"""The demo's story in a terminal: one line an event, coloured where the terminal can, plain else.

It reads the ledger like any other reader; nothing is told that isn't recorded.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from rich.console import Console
from rich.text import Text

from redrabbit.base.printable import visible
from redrabbit.domain.identity import containment_label, run_label
from redrabbit.domain.ledger import Entry

GOOD, BAD, CARE, QUIET = "green", "bold red", "yellow", "dim"


def tell(console: Console, entry: Entry, zone_now: Callable[[datetime], datetime]) -> None:
    """Print an entry as one line, if it belongs to the story."""
    teller = TELLERS.get(entry.type)
    if teller is None:
        return
    words, style = teller(entry.payload)
    at = zone_now(entry.occurred_at)
    place = str(entry.payload.get("station") or entry.payload.get("station_id") or entry.stream)
    line = Text.assemble(
        (f"{at:%H:%M:%S}", QUIET), f" {visible(place):12} ", (visible(words), style)
    )
    console.print(line, highlight=False, soft_wrap=True)


Payload = Mapping[str, object]
Told = tuple[str, str]


def _started(p: Payload) -> Told:
    why = "re-verification" if p["purpose"] == "reverification" else str(p["check_id"])
    return f"{run_label(_number(p, 'run_id'))} started · {why}", ""


def _issued(p: Payload) -> Told:
    return f"{_run(p)} {p['part_id']} issued · must be {_must(p)}", ""


def _must(p: Payload) -> str:
    return "accepted" if p["expected"] == "accept" else "rejected"


def _presented(p: Payload) -> Told:
    return f"{_run(p)} presented ({p['presented_how']})", ""


VERDICT_STYLE = {
    "detected": GOOD,
    "accepted": GOOD,
    "missed": BAD,
    "false_reject": BAD,
    "inconclusive": CARE,
}


def _judged(p: Payload) -> Told:
    verdict = str(p["verdict"])
    why = f" ({p['verdict_reason']})" if p["verdict_reason"] else ""
    elapsed = p["elapsed_s"]
    after = f" after {elapsed:.1f} s" if isinstance(elapsed, float) else ""
    words = f"{_run(p)} {p['part_id']} {verdict.replace('_', ' ').upper()}{why}{after}"
    return words, VERDICT_STYLE[verdict]


def _back(p: Payload) -> Told:
    return f"{_run(p)} {p['part_id']} given back", ""


def _closed(p: Payload) -> Told:
    outcome = str(p["outcome"])
    style = {"passed": GOOD, "failed": BAD}.get(outcome, CARE)
    who = f" · confirmed by {p['confirmed_by']}" if p["confirmed_by"] else ""
    return f"{_run(p)} {outcome}{who}", style


def _contained(p: Payload) -> Told:
    least = "at least " if p["quantity_is_lower_bound"] else ""
    label = containment_label(_number(p, "containment_id"))
    return f"containment {label} opened · {p['device']} · {least}{p['quantity']} parts suspect", BAD


def _decided(p: Payload) -> Told:
    outcome = str(p["outcome"])
    style = GOOD if outcome == "passed" else BAD if outcome in {"failed", "lapsed"} else CARE
    return f"{p['check_id']} {outcome}", style


def _lost(p: Payload) -> Told:
    return f"not reached · {p['reason']}", CARE


def _number(p: Payload, name: str) -> int:
    value = p[name]
    assert isinstance(value, int)  # noqa: S101  because the ledger's own numbers are meant
    return value


def _run(p: Payload) -> str:
    return run_label(_number(p, "run_id"))


TELLERS: Mapping[str, Callable[[Payload], Told]] = {
    "occurrence_made": lambda p: (f"due · {p['check_id']}", ""),
    "occurrence_overdue": lambda p: (f"{p['check_id']} OVERDUE", BAD),
    "occurrence_decided": _decided,
    "run_started": _started,
    "part_issued": _issued,
    "part_presented": _presented,
    "verdict_reached": _judged,
    "part_given_back": _back,
    "run_closed": _closed,
    "containment_opened": _contained,
    "station_lost": _lost,
    "station_restored": lambda _p: ("read again", ""),
}
"""One row an entry type that belongs to the story."""
