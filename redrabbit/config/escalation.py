"""The steps of plant.yaml, `rosters` and `escalation`: who is told of what, and when, until somebody has taken it (R10)."""

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import (
    Block,
    Choice,
    Entry,
    Key,
    ListOf,
    Located,
    MapOf,
    Pattern,
    Section,
)
from redrabbit.config.problem import Problems
from redrabbit.config.spellings import DATE, DURATION, DURATION_OR_NONE, SLUG, TIME_OF_DAY
from redrabbit.domain.escalation import AT_ONCE, SEVERITY, Duty, Rule, Severity, Step
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import LineId, is_a_person
from redrabbit.domain.plant import NotificationTarget

_NAMES: Final = ListOf(SLUG, at_least=1)
_PEOPLE: Final = ListOf(
    Pattern(
        r"[^\s,](?:[^,]{0,58}[^\s,])?",
        "a person's number, for example p-0042, or an employee number",
    ),
    at_least=1,
)

STEP: Final = Section(
    {
        "after": Key(
            DURATION_OR_NONE,
            "How long after the alarm was raised, if nobody has taken it; left out: at once.",
            required=False,
            default=AT_ONCE,
        ),
        "at": Key(
            TIME_OF_DAY,
            "Told as a list at this time of day, plant-local, with all that waits for it.",
            required=False,
        ),
        "tell": Key(
            _NAMES,
            "Who is told: receivers of notifications, or rosters.",
            required=False,
            default=(),
        ),
        "people": Key(
            _PEOPLE,
            "People who are told: by their numbers, p-0042, or employee numbers.",
            required=False,
            default=(),
        ),
        "every": Key(
            DURATION,
            "How often it is told again until somebody has taken it; left out: once.",
            required=False,
        ),
    },
    "{after: …, tell: […]}",
)

RULE: Final = Section(
    {
        "events": Key(
            ListOf(Choice({kind.value: kind for kind in AlarmKind}), at_least=1),
            "For which alarms; left out: all, or those of the severities.",
            required=False,
            default=(),
        ),
        "severity": Key(
            ListOf(Choice({each.value: each for each in Severity}), at_least=1),
            "For which severities.",
            required=False,
            default=(),
        ),
        "lines": Key(_NAMES, "At which lines; left out: all.", required=False, default=()),
        "shifts": Key(
            _NAMES, "Raised in which shifts; left out: at any time.", required=False, default=()
        ),
        "steps": Key(ListOf(STEP, at_least=1), "The steps, in their order."),
    },
    "{events: […], steps: […]}",
)

DUTY: Final = Section(
    {
        "receivers": Key(
            _NAMES, "Who is on duty: receivers of notifications.", required=False, default=()
        ),
        "people": Key(
            _PEOPLE,
            "People on duty: by their numbers, p-0042, or employee numbers.",
            required=False,
            default=(),
        ),
        "lines": Key(_NAMES, "For which lines; left out: all.", required=False, default=()),
        "shifts": Key(_NAMES, "In which shifts; left out: always.", required=False, default=()),
        "from": Key(DATE, "The first day; left out: since ever.", required=False),
        "until": Key(DATE, "The last day; left out: without end.", required=False),
    },
    "{people: […], shifts: […]} or {receivers: […], shifts: […]}",
)

RULES: Final = ListOf(RULE)
ROSTERS: Final = MapOf(SLUG, ListOf(DUTY, at_least=1))

Names = tuple[Located[str], ...]


class _Known:
    """What rules and rosters may name."""

    def __init__(
        self,
        targets: Iterable[NotificationTarget],
        lines: Collection[str] | None,
        shifts: Collection[str],
        problems: Problems,
    ) -> None:
        targets = tuple(targets)
        self.receivers = {target.name for target in targets if target.alarms}
        self.mute = {target.name for target in targets if not target.alarms}
        self._lines = lines
        self._shifts = shifts
        self._problems = problems

    def names(
        self, what: str, names: Names | None, known: Collection[str] | None
    ) -> tuple[str, ...]:
        """Return the names, after noting those that are not known."""
        for each in names or ():
            if each.value in self.mute:
                found = sentence(
                    "receiver {receiver!r}, which is sent checkpoints only", receiver=each.value
                )
                self._problems.add(each.place, found, "a receiver of alarms")
            else:
                self._problems.refuse_unknown(what, each.value, each.place, known)
        return tuple(dict.fromkeys(each.value for each in names or ()))

    def people(self, names: Names | None) -> tuple[str, ...]:
        """Return people, after noting a receiver that is named as one of them is: nobody could tell them apart.

        Whether there is such a person only the ledger knows.
        """
        for receiver in sorted(self.receivers) if names else ():
            if is_a_person(receiver):
                self._problems.add(
                    (names or ())[0].place,
                    sentence("receiver {receiver!r}, named as a person is", receiver=receiver),
                    "a name of its own",
                )
        return tuple(dict.fromkeys(each.value for each in names or ()))

    def refuse_nobody(self, block: Block, keys: str) -> None:
        """Note that nobody is named."""
        self._problems.add(block.place, "nobody who is told", keys)

    def lines(self, names: Names | None) -> frozenset[LineId]:
        """Return lines."""
        return frozenset(LineId(name) for name in self.names("line", names, self._lines))

    def shifts(self, names: Names | None) -> frozenset[str]:
        """Return shifts of any calendar."""
        return frozenset(self.names("shift", names, self._shifts))


def read_escalation(
    rules: tuple[Located[Block], ...] | None,
    rosters: tuple[Entry[tuple[Located[Block], ...]], ...] | None,
    known: tuple[Iterable[NotificationTarget], Collection[str] | None, Collection[str]],
    problems: Problems,
) -> tuple[tuple[Rule, ...], Mapping[str, tuple[Duty, ...]]]:
    """Return rules and rosters as far as they could be read, after noting what is wrong with them.

    `known`: the receivers, the lines, and the shifts of all calendars.
    """
    targets, lines, shifts = known
    there = _Known(targets, lines, shifts, problems)
    duties: dict[str, tuple[Duty, ...]] = {}
    for roster in rosters or ():
        if roster.key in there.receivers | there.mute:
            found = f"roster {roster.key!r}, named as a receiver is"
            problems.add(roster.place, found, "a name of its own")
        read = (_duty(each.value, there) for each in roster.value or ())
        duties[roster.key] = tuple(duty for duty in read if duty is not None)
    found_rules = (_rule(each.value, there, duties, problems) for each in rules or ())
    return tuple(rule for rule in found_rules if rule is not None), duties


def _duty(block: Block | None, known: _Known) -> Duty | None:
    if block is None:
        return None
    receivers = known.names("receiver", block["receivers"], known.receivers)
    people = known.people(block["people"])
    lines, shifts = known.lines(block["lines"]), known.shifts(block["shifts"])
    if not ("receivers" in block or "people" in block):
        known.refuse_nobody(block, "receivers or people")
    if not block.complete:
        return None
    return Duty(
        receivers=receivers,
        people=people,
        lines=lines,
        shifts=shifts,
        from_date=block["from"],
        until_date=block["until"],
    )


def _rule(
    block: Block | None, known: _Known, rosters: Collection[str], problems: Problems
) -> Rule | None:
    if block is None:
        return None
    lines, shifts = known.lines(block["lines"]), known.shifts(block["shifts"])
    steps = [_step(each.value, known, rosters) for each in block["steps"] or ()]
    blocks = [each.value for each in block["steps"] or () if each.value is not None]
    for before, after in pairwise(blocks):
        if before.complete and after.complete and after["after"] <= before["after"]:
            found = "a step that is not later than the one before"
            problems.add(after.place, found, "steps in their order, each with a longer after")
    if not block.complete or None in steps:
        return None
    asked = {each.value for each in block["severity"]}
    kinds = {kind for kind, severity in SEVERITY.items() if severity in asked}
    return Rule(
        steps=tuple(step for step in steps if step is not None),
        kinds=frozenset(kinds | {each.value for each in block["events"]}),
        lines=lines,
        shifts=shifts,
    )


def _step(block: Block | None, known: _Known, rosters: Collection[str]) -> Step | None:
    if block is None:
        return None
    told = known.names("receiver or roster", block["tell"], known.receivers | set(rosters))
    people = known.people(block["people"])
    if not ("tell" in block or "people" in block):
        known.refuse_nobody(block, "tell or people")
    if not block.complete:
        return None
    return Step(
        after=block["after"],
        at=block["at"],
        receivers=tuple(name for name in told if name not in rosters),
        rosters=tuple(name for name in told if name in rosters),
        people=people,
        every=block["every"],
    )
