"""Two plans beside each other, line by line, in sentences."""

import unicodedata
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.plan_import.cell_words import span_length
from redrabbit.plan_import.grid import plain
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.trigger import Frequency, Trigger
from redrabbit.plan_import.trigger_words import frequency_in_words


class ChangeKind(Enum):
    """What the later plan does to a line of the earlier one."""

    NEW = "new"
    LEFT_OUT = "left_out"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two plans."""

    kind: ChangeKind
    line: str
    device: str
    words: Sentence
    check: str | None = None
    """The id of its check, where the earlier plan is that of a plant."""


def differences(
    before: Sequence[PlanLine], after: Sequence[PlanLine], *, is_whole: bool = False
) -> Iterator[Change]:
    """Yield what differs, in the order of the later plan; then what it leaves out.

    What the later one does not say at all stays as it was, unless both are compared as a whole: then it is a difference.
    """
    pairs = pairs_of(before, after)
    for number, line in enumerate(after):
        earlier = pairs.get(number)
        if earlier is None:
            yield _change(ChangeKind.NEW, line, _said(line, sentence("new")))
            continue
        found = list(_differences(earlier, line, is_whole=is_whole))
        if found:
            yield _change(ChangeKind.CHANGED, line, reduce(_joined, found))
    kept = set(map(id, pairs.values()))
    for line in before:
        if id(line) not in kept:
            words = (
                _said(line, sentence("left out"))
                if line.terms.check is None
                else sentence("left out: check {check}", check=line.terms.check)
            )
            yield _change(ChangeKind.LEFT_OUT, line, words)


def _joined(one: Sentence, other: Sentence) -> Sentence:
    return sentence("{one}; {other}", one=one, other=other)


def _said(line: PlanLine, how: Sentence) -> Sentence:
    if line.device is None:
        about = line.characteristic or line.process or line.frequency_text or "-"
        return sentence("{how}: {about}", how=how, about=about)
    return sentence(
        "{how}: {due}, with {parts}",
        how=how,
        due=frequency_in_words(line.frequency),
        parts=", ".join(line.parts),
    )


def _change(kind: ChangeKind, line: PlanLine, words: Sentence) -> Change:
    number, device = line.line or "-", line.device or "-"
    told = sentence("{line} {device}: {change}", line=number, device=device, change=words)
    return Change(kind=kind, line=number, device=device, words=told, check=line.terms.check)


def pairs_of(before: Sequence[PlanLine], after: Sequence[PlanLine]) -> dict[int, PlanLine]:
    """Return the earlier line of each later one, by its place in the plan.

    Of the same check; else of the same device and plan line; else the only ones of a device that are left, however the plan numbers them; lines
    without a device by their number, else by what they say.
    """
    pairs: dict[int, PlanLine] = {}
    left = list(before)
    rules: tuple[tuple[Callable[[PlanLine], Hashable], bool], ...] = (
        (lambda line: line.terms.check, False),
        (lambda line: line.device and line.line and (line.device, number_of(line.line)), False),
        (lambda line: line.device, True),
        (lambda line: None if line.device or not line.line else number_of(line.line), False),
        (lambda line: None if line.device else (line.characteristic, line.frequency_text), False),
    )
    for key_of, is_alone in rules:
        earlier, later = _by_key(left, key_of), _by_key(after, key_of, pairs)
        for key, numbers in later.items():
            found = earlier.get(key, [])
            if is_alone and not len(numbers) == len(found) == 1:
                continue
            for number, place in zip(numbers, found, strict=False):
                pairs[number] = left[place]
        taken = set(map(id, pairs.values()))
        left = [line for line in left if id(line) not in taken]
    return pairs


def _by_key(
    lines: Sequence[PlanLine],
    key_of: Callable[[PlanLine], Hashable],
    without: dict[int, PlanLine] | None = None,
) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = {}
    for number, line in enumerate(lines):
        key = key_of(line)
        if key not in {None, ""} and not (without and number in without):
            found.setdefault(key, []).append(number)
    return found


def number_of(line: str) -> str:
    """Return a plan line's number as it is compared: plans part it by `-`, `.` or `/`."""
    return plain(line).replace(".", "-").replace("/", "-")


def _differences(before: PlanLine, after: PlanLine, *, is_whole: bool) -> Iterator[Sentence]:
    if after.line is not None and number_of(before.line or "") != number_of(after.line):
        yield sentence(
            "plan line {before} becomes {after}", before=before.line or "-", after=after.line
        )
    if before.device != after.device:
        yield sentence(
            "device {before} becomes {after}",
            before=before.device or "-",
            after=after.device or "-",
        )
    if not _same_moments(after.frequency, before.frequency):
        yield sentence(
            "{before} becomes {after}",
            before=frequency_in_words(before.frequency),
            after=frequency_in_words(after.frequency),
        )
    yield from _part_differences(before, after)
    yield from _reaction_differences(before, after, is_whole=is_whole)
    for name, value_of, compared in (*_FIELDS, *_MORE_FIELDS) if is_whole else _FIELDS:
        was, now = value_of(before), value_of(after)
        if compared(was) == compared(now) or (now is None and not is_whole):
            continue
        yield sentence(
            "{field} {before} becomes {after}", field=name, before=was or "-", after=now or "-"
        )


def _part_differences(before: PlanLine, after: PlanLine) -> Iterator[Sentence]:
    added = [part for part in after.parts if part not in before.parts]
    removed = [part for part in before.parts if part not in after.parts]
    if added:
        yield sentence("{parts} added", parts=", ".join(added))
    if removed:
        yield sentence("{parts} removed", parts=", ".join(removed))
    if not added and not removed and after.parts != before.parts:
        yield sentence("the parts come in another order: {parts}", parts=", ".join(after.parts))


def _reaction_differences(
    before: PlanLine, after: PlanLine, *, is_whole: bool
) -> Iterator[Sentence]:
    for number, (was, now) in enumerate(zip(_steps(before), _steps(after), strict=False), 1):
        is_same = was == now or (now <= was and not is_whole) or _is_both(was, now)
        if not is_same:
            yield sentence("step {number} of the reaction is reworded", number=number)
    if (after.reaction or is_whole) and len(after.reaction) != len(before.reaction):
        yield sentence(
            "the reaction has {after} steps, not {before}",
            after=len(after.reaction),
            before=len(before.reaction),
        )


def _steps(line: PlanLine) -> list[frozenset[str]]:
    """Return each step in its languages, as it is compared."""
    also = [*line.reaction_also, *[""] * len(line.reaction)]
    return [
        frozenset(filter(None, (_words(step), _words(other))))
        for step, other in zip(line.reaction, also, strict=False)
    ]


def _is_both(languages: frozenset[str], text: frozenset[str]) -> bool:
    """Tell whether a text says two languages in one: one behind the other."""
    two, (one, *more) = sorted(languages), text
    return len(two) > 1 and not more and one in {two[0] + two[1], two[1] + two[0]}


def _words(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split()).rstrip(".。;")


def _same_moments(one: Frequency, other: Frequency) -> bool:
    """Tell whether two frequencies are due at the same moments, in whatever order they say them."""
    if one.is_first_of != other.is_first_of or len(one.triggers) != len(other.triggers):
        return False
    left = list(other.triggers)
    for trigger in one.triggers:
        same = next((each for each in left if _same_moment(trigger, each)), None)
        if same is None:
            return False
        left.remove(same)
    return True


def _same_moment(one: Trigger, other: Trigger) -> bool:
    """Tell whether two triggers are due alike; a time of day that is not said is asked for, and no difference."""
    if not one.lacks_time:
        return one == other
    said = replace(one, at=other.at, at_first_shift=other.at_first_shift)
    return replace(said, when_not_working=other.when_not_working) == other


def _length(said: str | None) -> object:
    """Return a span as it is compared: `60 min` is `1 h`."""
    length = None if said is None else span_length(said)
    return said if length is None else length


def _as_it_is(said: str | None) -> object:
    return said


def _or_nothing(said: str | None) -> object:
    return said or ""


def _text(said: str | None) -> object:
    return _words(said or "")


_Field = tuple[Sentence, Callable[[PlanLine], str | None], Callable[[str | None], object]]

_FIELDS: Final[tuple[_Field, ...]] = (
    (sentence("PFMEA"), lambda line: line.pfmea, _as_it_is),
    (sentence("special characteristic"), lambda line: line.special, _or_nothing),
    (sentence("opens before"), lambda line: line.terms.opens_before, _length),
    (sentence("grace"), lambda line: line.terms.grace, _length),
    (sentence("closes after"), lambda line: line.terms.closes_after, _length),
    (sentence("least grade"), lambda line: line.terms.least_grade, _as_it_is),
    (sentence("arming timeout"), lambda line: line.terms.arming_timeout, _length),
    (sentence("return timeout"), lambda line: line.terms.return_timeout, _length),
    (sentence("run timeout"), lambda line: line.terms.run_timeout, _length),
    (sentence("inconclusive runs"), lambda line: line.terms.inconclusive_runs, _as_it_is),
)
"""What a plan in force holds, too."""
_MORE_FIELDS: Final[tuple[_Field, ...]] = (
    (sentence("check"), lambda line: line.terms.check, _as_it_is),
    (sentence("process"), lambda line: line.process, _text),
    (sentence("machine"), lambda line: line.device_text, _text),
    (sentence("characteristic"), lambda line: line.characteristic, _text),
    (sentence("size"), lambda line: line.size, _text),
    (
        sentence("frequency"),
        lambda line: None if line.frequency.triggers else line.frequency_text,
        _text,
    ),
    (sentence("owner"), lambda line: line.owner, _text),
    (sentence("failure mode"), lambda line: line.failure_mode, _text),
)
"""What only files hold."""
