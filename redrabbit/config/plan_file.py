"""The control plan: which device is verified with which parts, how often, and what follows a miss.

Read from control_plan.yaml, or from control_plan.csv by way of `plan_table`, which makes the same
tree of a table. What a check means together with stations and parts is judged in `cross_checks`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Choice,
    Entry,
    Key,
    ListOf,
    Located,
    MapOf,
    Section,
    Whole,
    Words,
)
from redrabbit.config.file_version import VERSION, is_newer
from redrabbit.config.located_yaml import Node
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.spellings import (
    DURATION,
    DURATION_OR_NONE,
    INSTANT,
    PART_ID,
    ROTATION,
    SCHEDULE,
    SLUG,
    SPECIAL_CODE,
)
from redrabbit.domain.grade import Grade
from redrabbit.domain.schedule_words import duration_text

MOST_INCONCLUSIVE: Final = 100

CHECK: Final = Section(
    {
        "plan_line": Key(Words(), "The line's number in the control plan."),
        "pfmea": Key(Words(), "The PFMEA line with its revision, for example 12.4 rev C."),
        "device": Key(SLUG, "The device that is verified."),
        "parts": Key(
            ListOf(PART_ID, at_least=1),
            "What is presented, in this order; one red rabbit at least.",
        ),
        "schedule": Key(SCHEDULE, "When the check is due; several rules have ' + ' between them."),
        "opens_before": Key(
            DURATION_OR_NONE, "How long before its due time it may be run already."
        ),
        "grace": Key(DURATION_OR_NONE, "After due, how long until it is overdue."),
        "closes_after": Key(DURATION, "After due, when it has lapsed if not done."),
        "reaction": Key(ListOf(Bilingual(), at_least=1), "What to do after a miss, step by step."),
        "arming_timeout": Key(
            DURATION,
            "From the scan to presented; 2 min if left out.",
            required=False,
            default=timedelta(minutes=2),
        ),
        "return_timeout": Key(
            DURATION,
            "From the verdict to the part scanned back; 5 min if left out.",
            required=False,
            default=timedelta(minutes=5),
        ),
        "run_timeout": Key(
            DURATION,
            "From the start to the end of a run; 15 min if left out.",
            required=False,
            default=timedelta(minutes=15),
        ),
        "least_grade": Key(
            Choice({grade.value: grade for grade in Grade}),
            "The lowest grade of evidence that fulfils it, A to E; any if left out.",
            required=False,
        ),
        "special_characteristic": Key(
            SPECIAL_CODE,
            "The special characteristic of its line, one of plant.yaml's where that declares any; none if left out.",
            required=False,
        ),
        "rotation": Key(
            ROTATION,
            "How its failure modes take turns, each failure mode within 3 shifts, at least 2 each shift; all in each run if left out.",
            required=False,
        ),
        "escalate_after_inconclusive": Key(
            Whole(1, MOST_INCONCLUSIVE),
            "After so many inconclusive runs the quality engineer is told; 3 if left out.",
            required=False,
            default=3,
        ),
    },
    "a check's mapping",
)

PLAN: Final = Section(
    {
        "version": VERSION,
        "control_plan": Key(Words(), "The plan's number, for example CP-204."),
        "revision": Key(Words(), "Its revision."),
        "effective_from": Key(
            INSTANT, "From when it counts; left out: from when it is first loaded.", required=False
        ),
        "checks": Key(MapOf(SLUG, CHECK, at_least=1), "The checks, by ids that never change."),
    },
    "a mapping with the control plan's keys",
)


@dataclass(frozen=True)
class PlannedCheck:
    """One check as written; `complete` if all of it could be read."""

    id: str
    place: SourcePosition
    block: Block
    complete: bool

    @property
    def device(self) -> str | None:
        """The device's id, if it could be read."""
        device: str | None = self.block["device"]
        return device

    @property
    def parts(self) -> tuple[Located[str], ...]:
        """The part ids that could be read, in order, each with its place."""
        return self.block["parts"] or ()

    def duration_s(self, key: str) -> float:
        """Return one of its durations in seconds."""
        length: timedelta = self.block[key]
        return length.total_seconds()


@dataclass(frozen=True)
class PlanFile:
    """The control plan as far as it could be read."""

    number: str
    revision: str
    effective_from: datetime | None
    checks: tuple[PlannedCheck, ...]


def read_plan_file(root: Node, problems: Problems) -> PlanFile | None:
    """Return what the plan says, after noting what is wrong with it."""
    if is_newer(root, problems):
        return None
    block = PLAN.read(root, problems)
    if block is None:
        return None
    return PlanFile(
        number=block["control_plan"] or "",
        revision=block["revision"] or "",
        effective_from=block["effective_from"],
        checks=read_checks(block["checks"] or (), problems),
    )


def read_checks(entries: tuple[Entry[Block], ...], problems: Problems) -> tuple[PlannedCheck, ...]:
    """Return the checks that could be read, after noting what is wrong within each."""
    checks = []
    for entry in entries:
        if entry.value is None:
            continue
        before = len(problems.found)
        _refuse_late_grace(entry.value, problems)
        _refuse_repeated_parts(entry.value, problems)
        complete = entry.value.complete and len(problems.found) == before
        checks.append(PlannedCheck(entry.key, entry.place, entry.value, complete))
    return tuple(checks)


def _refuse_late_grace(block: Block, problems: Problems) -> None:
    grace, closes = block["grace"], block["closes_after"]
    if grace is not None and closes is not None and grace > closes:
        problems.add(
            block.place_of("grace"),
            sentence(
                "grace of {duration_text}, but the window closes after {duration_text_2}",
                duration_text=duration_text(grace),
                duration_text_2=duration_text(closes),
            ),
            "grace that ends before closes_after",
        )


def _refuse_repeated_parts(block: Block, problems: Problems) -> None:
    """The first presentation of a part in a run decides (L10): a second one says nothing."""
    seen: dict[Any, SourcePosition] = {}
    for part in block["parts"] or ():
        first = seen.setdefault(part.value, part.place)
        if first != part.place:
            hint = sentence("the first stands at {first}", first=first)
            problems.add(
                part.place,
                sentence("part {value} a second time", value=part.value),
                "each part once",
                hint,
            )
