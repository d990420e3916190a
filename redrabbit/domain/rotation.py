"""Failure modes of one check taken in turn: each within so many shifts, so many in each shift.

A *turn* is a shift in which the check was owed: it is over, all that was due in it is decided, and not all of that was
excused. So a holiday, a pause and a shift that made nothing are no turns. Which modes a run owes follows from what was shown before
and from the turns since, and from nothing else: the one that was not shown for longest comes first; one that has no later turn
left comes in any case, and one that has lapsed is made up for at once. A mode that was not shown within its turns has lapsed, by itself; from there its turns count anew.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from redrabbit.domain.facts.occurrence import OccurrenceOutcome, OccurrenceRecord
from redrabbit.domain.identity import FailureMode
from redrabbit.domain.shift_calendar import A_MOMENT, ShiftCalendar, ShiftWindow, shift_windows
from redrabbit.domain.shift_of_due import ShiftsOfDues, named_shift

FORM: Final = "each failure mode within 3 shifts, at least 2 each shift"
MOST_SHIFTS: Final = 100
MOST_MODES: Final = 100
LONGEST_BREAK: Final = timedelta(days=35)
"""So far back is looked for the shift to which an instant belongs."""

_NEAR: Final = timedelta(days=2)
_WORDS: Final = re.compile(
    r"each failure mode within (?P<within>[0-9]{1,4}) shifts?(, at least (?P<least>[0-9]{1,4}) each shift)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How the failure modes of a check take turns."""

    within_shifts: int
    """Each is shown at least once in so many shifts."""
    at_least: int
    """So many are shown in each run."""

    def __post_init__(self) -> None:
        """Refuse what is no rotation."""
        if not 1 <= self.within_shifts <= MOST_SHIFTS:
            raise ValueError(f"1 to {MOST_SHIFTS} shifts, found {self.within_shifts}")
        if not 1 <= self.at_least <= MOST_MODES:
            raise ValueError(f"1 to {MOST_MODES} failure modes, found {self.at_least}")

    def comes_round(self, modes: int) -> bool:
        """Tell whether so many modes are all shown in time by runs that show the least that is asked for."""
        return self.at_least <= modes <= self.at_least * self.within_shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeTurns:
    """One failure mode of a check, as things stand."""

    mode: FailureMode
    shown_at: datetime | None
    """When it was shown last; None: never."""
    has_lapsed: bool
    """It was not shown in its time, and not since."""
    turns: tuple[ShiftWindow, ...]
    """Those that are over since the shift in which it was shown, or has lapsed, in order."""


def parse_rotation(text: str) -> Rotation:
    """Return the rotation that the words mean; ValueError says what is expected."""
    match = _WORDS.fullmatch(" ".join(text.lower().split()))
    if match is None:
        raise ValueError(f"`{text}` is no rotation; expected `{FORM}`")
    return Rotation(within_shifts=int(match["within"]), at_least=int(match["least"] or 1))


def rotation_text(rotation: Rotation) -> str:
    """Return the words of a rotation, such that they parse to it again."""
    shifts = "shift" if rotation.within_shifts == 1 else "shifts"
    return (
        f"each failure mode within {rotation.within_shifts} {shifts}, "
        f"at least {rotation.at_least} each shift"
    )


def owed_modes(modes: Sequence[ModeTurns], rotation: Rotation) -> tuple[FailureMode, ...]:
    """Return the modes that a run begun now owes, each once, in the order of the plan."""
    now = {
        each.mode
        for each in modes
        if each.has_lapsed or len(each.turns) >= rotation.within_shifts - 1
    }
    by_age = sorted(modes, key=lambda each: (each.shown_at is not None, each.shown_at))
    oldest = [each.mode for each in by_age if each.mode in now]
    oldest += [each.mode for each in by_age if each.mode not in now]
    owed = set(oldest[: max(rotation.at_least, len(now))])
    return tuple(each.mode for each in modes if each.mode in owed)


def lapses(state: ModeTurns, rotation: Rotation) -> Iterator[tuple[ShiftWindow, ShiftWindow]]:
    """Yield the first and the last turn of each span in which a mode was not shown."""
    span = rotation.within_shifts
    for begin in range(0, len(state.turns) - span + 1, span):
        yield state.turns[begin], state.turns[begin + span - 1]


def turns_of(
    occurrences: Iterable[OccurrenceRecord], calendar: ShiftCalendar, now: datetime
) -> tuple[ShiftWindow, ...]:
    """Return the turns that these scheduled checks of one check make, in order."""
    found: dict[ShiftWindow, list[OccurrenceRecord]] = {}
    for each in occurrences:
        shift = shift_of(calendar, each.first_due_at or each.due_at, each.trigger_key)
        if shift is not None:
            found.setdefault(shift, []).append(each)
    over = [shift for shift, owed in found.items() if shift.ends_at <= now and _is_turn(owed)]
    return tuple(sorted(over, key=lambda shift: (shift.begins_at, shift.name)))


def shift_of(calendar: ShiftCalendar, at: datetime, trigger_key: str = "") -> ShiftWindow | None:
    """Return the shift to which an instant belongs: the one that its key names, else the last that began by then; None: none in a long time."""
    shortest = timedelta(0) if named_shift(trigger_key) is None else _NEAR
    for back in (shortest, _NEAR, LONGEST_BREAK):
        windows = shift_windows(calendar, at - back, at + A_MOMENT)
        place = ShiftsOfDues(windows).begun(at, trigger_key)
        if place is not None:
            return windows[place]
    return None


def next_end(calendar: ShiftCalendar, now: datetime) -> datetime | None:
    """Return when the shift that is on ends, or the next one; None: none in a long time."""
    for ahead in (_NEAR, LONGEST_BREAK):
        windows = shift_windows(calendar, now, now + ahead)
        if windows:
            return min(window.ends_at for window in windows)
    return None


def since_turn(
    turns: Iterable[ShiftWindow], calendar: ShiftCalendar, at: datetime
) -> tuple[ShiftWindow, ...]:
    """Return the turns after the shift to which an instant belongs."""
    shift = shift_of(calendar, at)
    begin = at if shift is None else shift.begins_at
    return tuple(turn for turn in turns if turn.begins_at > begin)


def mode_key_time(turn: ShiftWindow) -> str:
    """Return the turn by which a mode has lapsed, as trigger keys say it; later turns sort behind."""
    return turn.begins_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _is_turn(owed: Collection[OccurrenceRecord]) -> bool:
    is_over = all(each.outcome is not None for each in owed)
    return is_over and any(each.outcome is not OccurrenceOutcome.EXCUSED for each in owed)
