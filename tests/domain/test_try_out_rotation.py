"""Failure modes that take turns: each run shows those whose turn it is, as the service asks for them."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from redrabbit.domain.identity import FailureMode, PartId
from redrabbit.domain.parts_made import parts_at_rate
from redrabbit.domain.rotation import parse_rotation
from redrabbit.domain.schedule_rules import EveryShiftEnd
from redrabbit.domain.tried_plan import tried_plan
from redrabbit.domain.try_out import Basis, play
from redrabbit.domain.try_out_rotation import shown_by
from tests.plants import BEGIN, LINE, OP20, a_check, a_part, a_plant

SINCE = BEGIN.replace(hour=6, minute=0)
MODES = ("torque_low", "torque_high", "screw_missing")
PARTS = tuple(a_part(f"RR-000{n}", mode) for n, mode in enumerate(MODES, start=1))
ROTATES = a_check(
    parts=(*(part.id for part in PARTS), PartId("GM-0001")),
    rotation=parse_rotation("each failure mode within 3 shifts, at least 1 each shift"),
)
PLANT = a_plant(ROTATES, parts=(*PARTS, a_part("GM-0001", None)))
MADE = parts_at_rate(PLANT.calendars[LINE], Fraction(100), SINCE, SINCE + timedelta(days=3))
BASIS = Basis(since=SINCE, until=SINCE + timedelta(days=3), made={OP20: MADE})


def test_each_run_shows_the_mode_whose_turn_it_is() -> None:
    (played,) = play(PLANT, BASIS)
    shown = shown_by(PLANT, BASIS, played)
    assert [len(shown[FailureMode(mode)]) for mode in MODES] == [3, 3, 3]
    assert [
        [(due.due_at - SINCE) // timedelta(hours=8) for due in shown[FailureMode(mode)]]
        for mode in MODES
    ] == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_what_takes_turns_is_proved_less_often_and_its_parts_are_needed_less() -> None:
    tried = tried_plan(PLANT, BASIS)
    low = next(each for each in tried.exposures if each.failure_mode == "torque_low")
    assert (low.proofs, low.worst, low.mean) == (3, 2400, 2400.0)
    assert [each.needed for each in tried.parts] == [3, 3, 3, 9]
    assert (tried.turns, tried.merges) == ((), ())


def test_what_is_due_at_the_end_of_a_shift_is_a_turn_of_that_shift() -> None:
    parts = tuple(a_part(f"RR-000{n}", f"mode-{n}") for n in range(1, 6))
    rotates = replace(
        ROTATES,
        parts=tuple(part.id for part in parts),
        schedule=EveryShiftEnd(),
        rotation=parse_rotation("each failure mode within 3 shifts, at least 1 each shift"),
    )
    calendar = replace(PLANT.calendars[LINE], shifts=PLANT.calendars[LINE].shifts[:2])
    plant = a_plant(rotates, parts=parts, calendars={LINE: calendar})
    (played,) = play(plant, BASIS)
    keys = [due.trigger_key for due in played.due]
    assert len(keys) == 6  # two shifts on each of three days
    for dues in shown_by(plant, BASIS, played).values():
        places = [keys.index(due.trigger_key) for due in dues]
        assert all(later - earlier <= 3 for earlier, later in pairwise([-1, *places, 6]))
