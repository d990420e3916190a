"""Failure modes that take turns, beside a list that is kept by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.occurrence import OccurrenceOutcome, OccurrenceRecord
from redrabbit.domain.identity import FailureMode
from redrabbit.domain.rotation import (
    ModeTurns,
    Rotation,
    lapses,
    owed_modes,
    parse_rotation,
    rotation_text,
    shift_of,
    since_turn,
    turns_of,
)
from redrabbit.domain.shift_calendar import ShiftWindow
from tests.plants import LINE, a_plant
from tests.stored import bare

CALENDAR = a_plant().calendars[LINE]
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROTATIONS = st.builds(Rotation, within_shifts=st.integers(1, 5), at_least=st.integers(1, 3))


@given(ROTATIONS)
def test_words_and_rotations_are_each_others_inverse(rotation: Rotation) -> None:
    assert parse_rotation(rotation_text(rotation)) == rotation


@pytest.mark.parametrize(
    ("text", "within", "least"),
    [
        ("each failure mode within 3 shifts, at least 2 each shift", 3, 2),
        ("Each failure mode  within 1 shift", 1, 1),
        ("each failure mode within 4 shifts", 4, 1),
    ],
)
def test_what_words_mean(text: str, within: int, least: int) -> None:
    assert parse_rotation(text) == Rotation(within_shifts=within, at_least=least)


@pytest.mark.parametrize(
    "text",
    [
        "every 3 shifts",
        "each failure mode within 0 shifts",
        "each failure mode within 9999 shifts",
        "",
    ],
)
def test_what_is_no_rotation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"rotation|shifts"):
        parse_rotation(text)


def test_a_span_too_short_for_the_least_does_not_come_round() -> None:
    two_each = Rotation(within_shifts=3, at_least=2)
    assert [two_each.comes_round(modes) for modes in (1, 2, 6, 7)] == [False, True, True, False]


# Which shifts are turns -------------------------------------------------------------------------------------------


def owed(hours: float, outcome: OccurrenceOutcome | None) -> OccurrenceRecord:
    due_at = SIX + hours * HOUR
    found: OccurrenceRecord = bare(
        OccurrenceRecord, due_at=due_at, first_due_at=None, outcome=outcome
    )
    return found


PASSED, LAPSED, EXCUSED = (
    OccurrenceOutcome.PASSED,
    OccurrenceOutcome.LAPSED,
    OccurrenceOutcome.EXCUSED,
)


@pytest.mark.parametrize(
    ("occurrences", "names"),
    [
        ([owed(0, PASSED)], ["early"]),
        ([owed(0, LAPSED), owed(8, PASSED)], ["early", "late"]),
        ([owed(0, EXCUSED), owed(8, PASSED)], ["late"]),
        ([owed(0, EXCUSED), owed(2, PASSED)], ["early"]),
        ([owed(0, PASSED), owed(2, None)], []),
        ([owed(16, PASSED)], []),  # the night shift is not over
        ([owed(8, PASSED)], ["late"]),  # due at the end of one is due in the next
        ([], []),
    ],
)
def test_a_turn_is_a_shift_that_is_over_and_was_owed(
    occurrences: list[OccurrenceRecord], names: list[str]
) -> None:
    found = turns_of(occurrences, CALENDAR, SIX + 16 * HOUR)
    assert [each.name for each in found] == names


def test_an_instant_belongs_to_the_last_shift_that_began() -> None:
    shift = shift_of(CALENDAR, SIX)
    assert shift is not None
    assert (shift.name, shift.begins_at) == ("early", SIX)
    before = shift_of(CALENDAR, SIX - timedelta(seconds=1))
    assert before is not None
    assert before.name == "night"


# A life of shifts, beside a list kept by hand ---------------------------------------------------------------------


@dataclass
class Naive:
    """Per mode, the numbers of the shifts in which it was shown or lapsed; without any of the product's code."""

    modes: list[str]
    within: int
    since: dict[str, int] = field(default_factory=dict)
    lapsed: list[tuple[str, int]] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)

    def end(self, shift: int, *, is_turn: bool) -> None:
        if is_turn:
            self.turns.append(shift)
        for mode in self.modes:
            waited = [turn for turn in self.turns if turn > self.since.get(mode, -1)]
            if len(waited) == self.within:
                self.lapsed.append((mode, shift))
                self.since[mode] = shift


def window(number: int) -> ShiftWindow:
    begin = SIX + 8 * number * HOUR
    return ShiftWindow(
        plant_date=date(2026, 3, 2), name=str(number), begins_at=begin, ends_at=begin + 8 * HOUR
    )


def live(
    modes: int,
    rotation: Rotation,
    shifts: list[str],
    choose: Callable[..., tuple[FailureMode, ...]] = owed_modes,
) -> None:
    """Let so many modes take turns over shifts: a run, two runs, a lapse or none owed; hold it beside the naive list."""
    names = [FailureMode(f"mode-{number}") for number in range(modes)]
    naive = Naive(modes=list(names), within=rotation.within_shifts)
    shown_at: dict[str, datetime] = {}
    since: dict[str, datetime] = dict.fromkeys(names, SIX - HOUR)
    turns: list[ShiftWindow] = []
    found: list[tuple[str, int]] = []
    lapsed: set[FailureMode] = set()

    def states() -> tuple[ModeTurns, ...]:
        return tuple(
            ModeTurns(
                mode=name,
                shown_at=shown_at.get(name),
                has_lapsed=name in lapsed,
                turns=since_turn(turns, CALENDAR, since[name]),
            )
            for name in names
        )

    for number, kind in enumerate(shifts):
        shift = window(number)
        for run in range({"run": 1, "twice": 2}.get(kind, 0)):
            now = states()
            asked = choose(now, rotation)
            assert len(set(asked)) == len(asked)  # none twice
            assert len(asked) >= min(rotation.at_least, modes)  # the least of each shift
            no_later = {s.mode for s in now if len(s.turns) >= rotation.within_shifts - 1}
            no_later |= lapsed
            assert no_later <= set(asked)
            long_ago = SIX - 100 * HOUR
            youngest = max(
                (shown_at.get(name, long_ago) for name in asked if name not in no_later),
                default=long_ago,
            )
            for name in names:  # none before one that was not shown for longer
                assert name in asked or shown_at.get(name, long_ago) >= youngest
            for name in asked:
                at = shift.begins_at + timedelta(hours=1 + 2 * run)
                shown_at[name] = since[name] = at
                naive.since[name] = number
                lapsed.discard(name)
        is_turn = kind != "none"
        if is_turn:
            turns.append(shift)
        for state in states():
            for first, last in lapses(state, rotation):
                assert first.begins_at <= last.begins_at
                found.append((state.mode, number))
                lapsed.add(state.mode)
                since[state.mode] = last.begins_at
        naive.end(number, is_turn=is_turn)
        assert found == naive.lapsed
        missed = "lapse" in shifts[: number + 1]
        if rotation.comes_round(modes) and not missed:
            assert not found  # nobody missed a run: none beyond its span
        for name in names:  # none beyond its span without a lapse
            waited = [turn for turn in naive.turns if turn > naive.since.get(name, -1)]
            assert len(waited) < rotation.within_shifts


SHIFTS = st.lists(st.sampled_from(["run", "run", "run", "twice", "lapse", "none"]), max_size=14)


@given(modes=st.integers(1, 7), rotation=ROTATIONS, shifts=SHIFTS)
def test_none_is_owed_twice_none_waits_beyond_its_span_without_a_lapse_and_the_least_is_kept(
    modes: int, rotation: Rotation, shifts: list[str]
) -> None:
    live(modes, rotation, shifts)


def the_first(modes: tuple[ModeTurns, ...], rotation: Rotation) -> tuple[FailureMode, ...]:
    return tuple(each.mode for each in modes[: rotation.at_least])


def too_few(modes: tuple[ModeTurns, ...], rotation: Rotation) -> tuple[FailureMode, ...]:
    return owed_modes(modes, rotation)[:1]


def twice(modes: tuple[ModeTurns, ...], rotation: Rotation) -> tuple[FailureMode, ...]:
    return (*owed_modes(modes, rotation), modes[0].mode, modes[0].mode)


@pytest.mark.parametrize("wrong", [the_first, too_few, twice])
def test_a_choice_that_is_wrong_is_told(wrong: Callable[..., tuple[FailureMode, ...]]) -> None:
    rotation = Rotation(within_shifts=3, at_least=2)
    live(6, rotation, ["run"] * 6)
    with pytest.raises(AssertionError):
        live(6, rotation, ["run"] * 6, wrong)
