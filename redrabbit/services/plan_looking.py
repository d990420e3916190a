"""What is found in a control plan that somebody brings, before anything of it is stored (D45)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from redrabbit.services.plan_forms import PlanKnown, Remembered
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
class AnswerLooked:
    """A question with a name that the file was read with an answer to."""

    form: str
    at: str
    words: str
    """The question, a sentence."""
    key: str
    said: str
    """The answer, as a value."""
    before: Remembered | None
    """Who gave it for this form before; None: it was given for this file."""


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
    """By the place in the file, or the name of the question; `number` and `revision` say what the file does not."""
    retired: Mapping[str, str] = field(default_factory=dict)
    """Why a check that the plan leaves out is retired, by its id."""
    stands_at: Mapping[str, str] = field(default_factory=dict)
    """Where answers stand in a file that gives them, by what they answer: those that nothing asks for are told."""
    retired_at: Mapping[str, str] = field(default_factory=dict)
    """The same of reasons for checks, by their ids."""
    form: str | None = None
    """The beginning of the digest of the form that they are about; None: any."""
    form_at: str = ""


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
    answered: tuple[AnswerLooked, ...] = ()
    """Questions with a name that were answered: for this file, or for its form before."""
    left_out: tuple[str, ...] = ()
    """Checks that the plan in force has, and this one has not."""
    notes: tuple[SaidOfPlace, ...] = ()
    changes: tuple[str, ...] = ()
    """Sentences."""
    new: NewPlan | None = None
    """What would be stored; None while anything is wrong, or not answered."""


LookAtPlan = Callable[[bytes, str, str | None, PlanAnswers, PlanKnown], PlanLooked]
"""Looks at the bytes of a file of this name, at the sheet that is named, with these answers, and with what the database knows of plans that come."""
VALUES: Final[Mapping[str, str]] = {"no_plan_number": "number", "no_revision": "revision"}
"""Questions whose answer is a value that the file does not say, by what the answer names it."""


def kind_of(key: str) -> str:
    """Return what kind of value answers a question, by its name: what people are told beside it."""
    first, _, rest = key.partition(" ")
    if key in VALUES.values():
        return "value"
    if first == "column" and not rest.isupper():
        return "field"
    return first


NOES: Final = frozenset({"no", "n", "false", "否", "不", "不是", "没有"})
NO_VALUES: Final = frozenset({"yes", "y", "ok", "true", "是", "对", "好", *NOES})


def value_said(words: str) -> str | None:
    """Return the number or revision that an answer says; None for none, and for a yes or no, which is nobody's revision."""
    said = words.strip()
    return said if said and _bare(said) not in NO_VALUES else None


def _bare(words: str) -> str:
    return words.strip(" .!。").lower()


def not_answered(looked: PlanLooked, answers: PlanAnswers) -> tuple[str, ...]:
    """Return the places, and the checks that are left out, of which nobody said anything.

    A question with a name is asked as long as nobody answered it with a value that it takes. Another one stays asked where
    the answer is no: the file would be taken as it was read all the same, against what was said.
    """
    said = answers.places

    def is_answered(name: str, *, has_name: bool) -> bool:
        words = said.get(name, "")
        if name in VALUES.values():
            return value_said(words) is not None
        return not has_name and words.strip() != "" and _bare(words) not in NOES

    places = {each.answered_by: bool(each.key) for each in looked.questions}
    return (
        *(at for at, has_name in places.items() if not is_answered(at, has_name=has_name)),
        *(check for check in looked.left_out if not answers.retired.get(check, "").strip()),
    )
