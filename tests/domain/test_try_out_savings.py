"""What merging and taking turns would spare: each run once, and what is made between two proofs beside it."""

from datetime import timedelta
from fractions import Fraction

from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.parts_made import parts_at_rate
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.tried_plan import TriedPlan, tried_plan
from redrabbit.domain.try_out import Basis
from tests.plants import BEGIN, LINE, OP20, a_check, a_part, a_plant

SINCE = BEGIN.replace(hour=6, minute=0)
UNTIL = SINCE + timedelta(days=1)
PARTS = (a_part("RR-0001"), a_part("RR-0002", "torque_high"), a_part("GM-0001", None))


def tried(*checks: Check) -> TriedPlan:
    made = parts_at_rate(a_plant().calendars[LINE], Fraction(100), SINCE, UNTIL)
    minutes = {CheckId("one"): 3.0}
    basis = Basis(since=SINCE, until=UNTIL, made={OP20: made}, minutes=minutes)
    return tried_plan(a_plant(*checks, parts=PARTS), basis)


def of(check: str, words: str, *parts: str) -> Check:
    return a_check(check, schedule=parse_schedule(words), parts=tuple(map(PartId, parts)))


def test_a_run_that_shows_as_much_within_the_window_could_serve() -> None:
    found = tried(
        of("one", "every shift start", "RR-0001"),
        of("other", "every 4 h of work", "RR-0001", "GM-0001"),
    ).merges
    assert [(each.check, each.served_by, each.runs, each.minutes) for each in found] == [
        ("one", "other", 3, 9.0)
    ]


def test_what_shows_less_or_is_far_away_serves_nothing() -> None:
    assert not tried(
        of("one", "every shift start", "RR-0001", "RR-0002"),
        of("other", "every shift start", "RR-0001"),
    ).merges[1:]
    assert not tried(
        of("one", "every shift start", "RR-0001"), of("other", "daily at 11:00", "RR-0001")
    ).merges


def test_of_two_alike_one_is_spared_and_the_other_stays() -> None:
    found = tried(
        of("one", "every shift start", "RR-0001"), of("other", "every shift start", "RR-0001")
    ).merges
    assert [(each.check, each.served_by, each.runs) for each in found] == [("one", "other", 3)]


def test_the_next_one_of_its_own_may_be_made_early() -> None:
    found = tried(of("one", "daily at 11:00 + daily at 11:30", "RR-0001")).merges
    assert [(each.check, each.served_by, each.runs) for each in found] == [("one", "one", 1)]
    assert not tried(of("one", "daily at 11:00 + daily at 11:36", "RR-0001")).merges


def test_taking_turns_spares_presentations_and_says_what_it_costs() -> None:
    (turns,) = tried(of("one", "every shift start", "RR-0001", "RR-0002", "GM-0001")).turns
    assert (turns.shown, turns.of, turns.presentations, turns.minutes) == (1, 2, 3, 3.0)
    assert (turns.worst_now, turns.worst_then) == (800, 1600)
    assert not tried(of("one", "every shift start", "RR-0001", "GM-0001")).turns
