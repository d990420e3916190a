"""What is found in a control plan that somebody brings, before anything of it is stored (D45)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from redrabbit.services.plan_revisions import NewPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfPlace:
    """One thing to be said of one place in the file."""

    at: str
    words: str
    """A sentence, to be said in the language of who reads it."""
    key: str = ""
    """By what an answer names it, where that is no answer to all that is asked of the place; empty: the place."""

    @property
    def answered_by(self) -> str:
        """By what an answer names it."""
        return self.key or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLooked:
    """One line of the plan that verifies a device."""

    at: str
    line: str
    device: str
    parts: tuple[str, ...]
    due: str
    next_due: tuple[str, ...]
    """When it would be due next, in the plant's zone."""
    special: str | None = None
    """Its special characteristic, where the plan says one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAnswers:
    """What whoever brings a plan answers to the questions about it."""

    places: Mapping[str, str] = field(default_factory=dict)
    """By the place in the file; `number` and `revision` say what the file does not."""
    retired: Mapping[str, str] = field(default_factory=dict)
    """Why a check that the plan leaves out is retired, by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLooked:
    """What a file comes to."""

    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    """Those that may be chosen."""
    header_rows: tuple[int, int] | None = None
    number: str | None = None
    revision: str | None = None
    lines: tuple[LineLooked, ...] = ()
    all_lines: int = 0
    """Lines without a device among them."""
    errors: tuple[SaidOfPlace, ...] = ()
    questions: tuple[SaidOfPlace, ...] = ()
    """Those about lines that were left out stand in `left_out`."""
    left_out: tuple[str, ...] = ()
    """Checks that the plan in force has, and this one has not."""
    notes: tuple[SaidOfPlace, ...] = ()
    changes: tuple[str, ...] = ()
    """Sentences."""
    new: NewPlan | None = None
    """What would be stored; None while anything is wrong, or not answered."""


LookAtPlan = Callable[[bytes, str, str | None, PlanAnswers, Collection[str]], PlanLooked]
"""Looks at the bytes of a file of this name, at the sheet that is named, with these answers; `Collection` are the ids of all checks that ever were."""


NO_VALUES: Final = frozenset(
    {"yes", "no", "y", "n", "ok", "true", "false", "是", "否", "对", "不", "不是", "好", "没有"}
)


def value_said(words: str) -> str | None:
    """Return the number or revision that an answer says; None for none, and for a yes or no, which is nobody's revision."""
    said = words.strip()
    return said if said and said.strip(" .!。").lower() not in NO_VALUES else None


def not_answered(looked: PlanLooked, answers: PlanAnswers) -> tuple[str, ...]:
    """Return the places, and the checks that are left out, of which nobody said anything."""
    places = {each.answered_by: bool(each.key) for each in looked.questions}
    said = answers.places
    return (
        *(
            at
            for at, is_value in places.items()
            if not (value_said(said.get(at, "")) if is_value else said.get(at, "").strip())
        ),
        *(check for check in looked.left_out if not answers.retired.get(check, "").strip()),
    )
