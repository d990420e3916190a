"""The world by itself: what its stations show, how they count, and that one seed is one story."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.device import Behaviour, Device, Part
from simulators.line import StationModel, What, World
from simulators.station import OTHER_PROGRAM, PROGRAM

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ALL_SIGNALS = frozenset(
    {
        "part_present", "part_code", "rejected", "accepted", "reject_code", "measured",
        "part_count", "good_count",
    }
)  # fmt: skip
DEVICE = Device(id="torque", within_s=2.0, answer_s=1.0, reject_codes={"low": 11, "missing": 12})
RABBIT = Part(code="RR-1", failure_mode="low", measured=18.2)
MASTER = Part(code="GM-1", failure_mode=None)


def a_world(
    seed: int = 1,
    cycle_s: float = 4.0,
    modulus: int = 1 << 32,
    signals: frozenset[str] = ALL_SIGNALS,
    pulse_s: float | None = None,
) -> World:
    models = [
        StationModel(
            id=name, line="line", device=DEVICE, signals=signals, cycle_s=cycle_s,
            next_station=following, counter_modulus=modulus, pulse_s=pulse_s,
        )
        for name, following in [("op10", "op20"), ("op20", None)]
    ]  # fmt: skip
    return World(models, [RABBIT, MASTER], starts_at=START, seed=seed)


def present(
    world: World, code: str, *, stay_s: float = 6.0
) -> list[tuple[float, dict[str, object]]]:
    """Hold op10, put a part in, wait and take it out; return what changed, by seconds."""
    world.advance(world.hold("op10"))
    began_at = world.now
    world.put_in("op10", code)
    changes = world.advance(began_at + timedelta(seconds=stay_s))
    world.take_out("op10")
    changes += world.advance(world.now)
    return [
        ((change.at - began_at).total_seconds(), dict(change.signals))
        for change in changes
        if change.station == "op10"
    ]


def test_a_rabbit_is_present_then_rejected_then_gone() -> None:
    coming, answering, leaving = present(a_world(), "RR-1")
    assert coming[0] == 0
    assert coming[1].items() >= {"part_present": True, "part_code": "RR-1"}.items()
    assert 1.0 <= answering[0] <= 1.1
    assert answering[1].items() >= {"rejected": True, "reject_code": 11}.items()
    assert "accepted" not in answering[1]
    assert (
        leaving[1].items() >= {"part_present": False, "rejected": False, "reject_code": 0}.items()
    )


@pytest.mark.parametrize(
    ("behaviour", "part", "expected"),
    [
        (Behaviour.HEALTHY, "RR-1", [(What.REJECTED, 11)]),
        (Behaviour.HEALTHY, "GM-1", [(What.ACCEPTED, None)]),
        (Behaviour.BLIND, "RR-1", [(What.ACCEPTED, None)]),
        (Behaviour.WRONG_REASON, "RR-1", [(What.REJECTED, 12)]),
        (Behaviour.NO_REASON, "RR-1", [(What.REJECTED, 0)]),
        (Behaviour.LATE_REASON, "RR-1", [(What.REJECTED, 11)]),
        (Behaviour.LEFTOVER_REASON, "RR-1", [(What.REJECTED, 0)]),
        (Behaviour.KINKED_HOSE, "RR-1", [(What.ACCEPTED, None)]),
        (Behaviour.ALWAYS_REJECTING, "GM-1", [(What.REJECTED, 11)]),
        (Behaviour.SILENT, "RR-1", [(What.NO_ANSWER, None)]),
        (Behaviour.STUCK_ON, "RR-1", [(What.NO_ANSWER, None)]),
        (Behaviour.STUCK_OFF, "RR-1", [(What.NO_ANSWER, None)]),
        (Behaviour.SLOW, "RR-1", [(What.REJECTED, 11)]),
    ],
    ids=lambda value: str(getattr(value, "value", value)),
)
def test_the_truth_tells_what_each_behaviour_did(
    behaviour: Behaviour, part: str, expected: list[tuple[What, object]]
) -> None:
    world = a_world()
    world.set_behaviour("op10", behaviour)
    present(world, part)
    answers = world.facts("op10", What.REJECTED, What.ACCEPTED, What.NO_ANSWER)
    assert [(fact.what, fact.code) for fact in answers] == expected


def test_a_slow_device_answers_after_its_time() -> None:
    world = a_world()
    world.set_behaviour("op10", Behaviour.SLOW)
    present(world, "RR-1")
    (put_in,) = world.facts("op10", What.PUT_IN)
    (rejected,) = world.facts("op10", What.REJECTED)
    assert rejected.at - put_in.at > timedelta(seconds=DEVICE.within_s)


def test_a_late_reason_comes_after_the_bit_and_the_last_one_stands_until_then() -> None:
    world = a_world()
    world.set_behaviour("op10", Behaviour.WRONG_REASON)
    present(world, "RR-1")
    world.set_behaviour("op10", Behaviour.LATE_REASON)
    assert world.snapshot("op10")["reject_code"] == 12
    _coming, rejecting, explaining, _leaving = present(world, "RR-1")
    assert rejecting[1]["rejected"] is True
    assert "reject_code" not in rejecting[1]
    assert explaining[1] == {"reject_code": 11}
    assert 0.2 < explaining[0] - rejecting[0] < 0.3


def test_a_leftover_reason_is_the_last_part_s_own() -> None:
    world = a_world()
    world.set_behaviour("op10", Behaviour.WRONG_REASON)
    present(world, "RR-1")
    world.set_behaviour("op10", Behaviour.LEFTOVER_REASON)
    for _ in range(2):
        present(world, "RR-1")
        assert world.snapshot("op10")["reject_code"] == 12
    assert [fact.code for fact in world.facts("op10", What.REJECTED)] == [12, 12, 12]


def test_a_kinked_hose_measures_what_a_good_part_measures() -> None:
    world = a_world()
    world.set_behaviour("op10", Behaviour.KINKED_HOSE)
    present(world, "RR-1")
    measured = world.snapshot("op10")["measured"]
    assert isinstance(measured, float)
    assert abs(measured - DEVICE.measured_good) < 1


def test_an_answer_that_is_a_pulse_goes_off_by_itself_and_its_reason_stays() -> None:
    world = a_world(pulse_s=0.4)
    _coming, answering, ending, leaving = present(world, "RR-1")
    assert answering[1].items() >= {"rejected": True, "reject_code": 11}.items()
    assert ending[1] == {"rejected": False}
    assert 0.39 < ending[0] - answering[0] < 0.41
    assert leaving[1]["reject_code"] == 0


def test_a_station_tells_by_which_program_it_works() -> None:
    world = a_world(signals=ALL_SIGNALS | {"program"})
    assert world.snapshot("op10")["program"] == PROGRAM
    world.set_program("op10", OTHER_PROGRAM)
    assert world.snapshot("op10")["program"] == OTHER_PROGRAM
    assert [fact.code for fact in world.facts("op10", What.PROGRAM)] == [OTHER_PROGRAM]


def test_a_stuck_bit_shows_at_once_and_without_a_part() -> None:
    world = a_world()
    world.advance(world.hold("op10"))
    world.set_behaviour("op10", Behaviour.STUCK_ON)
    assert world.snapshot("op10")["rejected"] is True
    assert present(world, "GM-1")[1][1].get("rejected") is None


def test_a_part_taken_out_early_gets_no_answer() -> None:
    world = a_world()
    present(world, "RR-1", stay_s=0.5)
    world.advance(world.now + timedelta(seconds=5))
    assert world.facts("op10", What.REJECTED, What.ACCEPTED, What.NO_ANSWER) == []
    assert world.snapshot("op10")["rejected"] is False


def test_normal_parts_stop_while_held_and_go_on_after() -> None:
    world = a_world()
    clear_at = world.hold("op10")
    world.advance(clear_at)
    held = world.snapshot("op10")
    world.advance(clear_at + timedelta(hours=1))
    assert world.snapshot("op10") == held
    assert held["part_present"] is False
    world.release("op10")
    world.advance(world.now + timedelta(seconds=41))
    assert world.snapshot("op10")["part_count"] == held["part_count"] + 10  # type: ignore[operator]  # a counter is a whole number


def test_a_shift_makes_as_many_parts_as_fit() -> None:
    world = a_world(cycle_s=30.0)
    before = world.snapshot("op10")
    world.advance(START + timedelta(hours=8))
    after = world.snapshot("op10")
    made = after["part_count"] - before["part_count"]  # type: ignore[operator]  # counters are whole numbers
    assert abs(made - 960) <= 1
    assert after["good_count"] - before["good_count"] == made  # type: ignore[operator]  # counters are whole numbers


def test_a_counter_rolls_over() -> None:
    world = a_world(modulus=4_010)
    world.advance(START + timedelta(minutes=1))
    assert 0 <= int(world.snapshot("op10")["part_count"]) < 4_010
    assert int(world.snapshot("op10")["part_count"]) < 100


def test_an_always_rejecting_device_makes_no_good_parts() -> None:
    world = a_world()
    world.set_behaviour("op10", Behaviour.ALWAYS_REJECTING)
    world.advance(START + timedelta(seconds=20))
    before = world.snapshot("op10")
    world.advance(START + timedelta(seconds=60))
    after = world.snapshot("op10")
    assert after["part_count"] - before["part_count"] == 10  # type: ignore[operator]  # counters are whole numbers
    assert after["good_count"] == before["good_count"]


def test_a_part_left_in_is_seen_downstream() -> None:
    """L5: an escape is a challenge part at a station outside its run."""
    world = a_world()
    world.advance(world.hold("op10"))
    world.put_in("op10", "RR-1")
    world.advance(world.now + timedelta(seconds=3))
    world.let_go("op10")
    world.watch("op20")
    changes = world.advance(world.now + timedelta(seconds=20))
    codes = [change.signals.get("part_code") for change in changes if change.station == "op20"]
    assert "RR-1" in codes
    assert world.part_inside("op20") is None
    assert world.snapshot("op20")["part_code"] != "RR-1"


def test_a_second_part_waits_until_the_first_is_out() -> None:
    world = a_world()
    world.advance(world.hold("op10"))
    world.put_in("op10", "RR-1")
    world.put_in("op10", "GM-1")
    world.advance(world.now + timedelta(seconds=3))
    assert world.take_out("op10") == "RR-1"
    world.advance(world.now + timedelta(seconds=1))
    assert world.take_out("op10") == "GM-1"
    assert world.take_out("op10") is None


def test_one_seed_tells_one_story() -> None:
    stories = []
    for _ in range(2):
        world = a_world(seed=7)
        stories.append((present(world, "RR-1"), present(world, "GM-1"), world.truth))
    assert stories[0] == stories[1]
    other = a_world(seed=8)
    assert present(other, "RR-1") != stories[0][0]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.floats(0.01, 30.0), min_size=1, max_size=30), seed=st.integers(0, 5))
def test_how_time_is_cut_changes_nothing(steps: list[float], seed: int) -> None:
    """Counters, truth and signals are the same whether time passes in one step or in many."""
    end_at = START + timedelta(seconds=200)
    worlds = [a_world(seed), a_world(seed)]
    for world in worlds:
        world.after(20, "op10", partial(world.put_in, "op10", "RR-1"))
        world.after(40, "op10", partial(world.let_go, "op10"))
        world.after(70, "op20", partial(world.set_behaviour, "op20", Behaviour.BLIND))
    worlds[1].watch("op10")
    for step in steps:
        worlds[1].advance(min(end_at, worlds[1].now + timedelta(seconds=step)))
    for world in worlds:
        world.advance(end_at)
    assert worlds[0].truth == worlds[1].truth
    assert worlds[0].snapshot("op10") == worlds[1].snapshot("op10")
    assert worlds[0].snapshot("op20") == worlds[1].snapshot("op20")


@given(seconds=st.floats(0, 40))
def test_a_watched_station_reports_every_change(seconds: float) -> None:
    """Applying the reported changes to the first picture gives the present picture."""
    world = a_world()
    shown = world.snapshot("op10")
    world.watch("op10")
    for change in world.advance(START + timedelta(seconds=seconds)):
        if change.station == "op10":
            shown |= change.signals
    assert shown == world.snapshot("op10")


def test_the_next_change_is_when_something_changes_and_not_before() -> None:
    world = a_world()
    for _ in range(20):
        before, change_at = world.snapshot("op10"), world.next_change_at("op10")
        assert change_at is not None
        world.advance(change_at - timedelta(microseconds=1))
        assert world.snapshot("op10") == before
        world.advance(change_at)
        assert world.snapshot("op10") != before


def test_normal_parts_that_nobody_watches_are_no_events() -> None:
    """So a shift costs what its challenge parts cost, whatever it makes."""
    world = a_world()
    assert world.next_event_at() is None
    world.watch("op10")
    assert world.next_event_at() == world.next_change_at("op10")
    world.unwatch("op10")
    assert world.next_event_at() is None


PRESS = Device(id="pin", within_s=10.0, answer_s=0.4, prevents=True)
PRESS_SIGNALS = frozenset({"part_present", "start", "cycle", "part_count"})


def a_press(behaviour: Behaviour = Behaviour.HEALTHY, cycle_s: float = 4.0) -> World:
    model = StationModel(
        id="op10", line="line", device=PRESS, signals=PRESS_SIGNALS, cycle_s=cycle_s
    )
    world = World([model], [RABBIT, MASTER], starts_at=START, seed=1)
    world.set_behaviour("op10", behaviour)
    return world


@pytest.mark.parametrize(
    ("behaviour", "part", "starts"),
    [
        (Behaviour.HEALTHY, "RR-1", False),
        (Behaviour.HEALTHY, "GM-1", True),
        (Behaviour.BLIND, "RR-1", True),
        (Behaviour.ALWAYS_REJECTING, "GM-1", False),
    ],
    ids=lambda value: str(getattr(value, "value", value)),
)
def test_a_pin_holds_the_cycle_that_somebody_demands(
    behaviour: Behaviour, part: str, *, starts: bool
) -> None:
    world = a_press(behaviour)
    world.advance(world.hold("op10"))
    world.put_in("op10", part)
    world.advance(world.now + timedelta(seconds=3))
    assert world.snapshot("op10")["cycle"] is False, "nobody demanded one"
    world.press_start("op10")
    assert world.snapshot("op10")["start"] is True
    world.advance(world.now + timedelta(seconds=3))
    shown = world.snapshot("op10")
    assert (shown["start"], shown["cycle"]) == (False, starts)
    whats = [fact.what for fact in world.facts("op10", *set(What) - {What.BEHAVIOUR})]
    answered = What.ACCEPTED if starts else What.REJECTED
    assert whats == [What.HELD, What.PUT_IN, What.DEMANDED, answered]
    world.take_out("op10")
    assert world.snapshot("op10")["cycle"] is False


def test_who_presses_start_with_nothing_in_demands_no_cycle() -> None:
    world = a_press()
    world.advance(world.hold("op10"))
    world.press_start("op10")
    world.advance(world.now + timedelta(seconds=3))
    assert world.facts("op10", What.DEMANDED, What.ACCEPTED, What.REJECTED) == []


def test_normal_parts_are_started_one_by_one() -> None:
    """The button is down before each cycle, and a worn pin changes nothing of good parts."""
    world = a_press(Behaviour.BLIND)
    world.advance(START + timedelta(seconds=20))
    world.watch("op10")
    changes = world.advance(world.now + timedelta(seconds=40))
    told = [(name, value) for c in changes for name, value in c.signals.items()]
    assert told.count(("start", True)) == told.count(("cycle", True)) == 10
    begun = [c.signals for c in changes if c.signals.get("cycle")]
    assert all(signals["start"] is False for signals in begun)


def test_a_pin_has_no_reason_that_could_be_wrong() -> None:
    with pytest.raises(ValueError, match="it can't be wrong_reason"):
        a_press(Behaviour.WRONG_REASON)


def a_tester_with_nests() -> World:
    model = StationModel(
        id="op10", line="line", device=DEVICE, signals=ALL_SIGNALS | {"nest"}, cycle_s=4.0,
        places=(1, 2, 3, 4),
    )  # fmt: skip
    return World([model], [RABBIT, MASTER], starts_at=START, seed=1)


@pytest.mark.parametrize(("nest", "answered"), [(1, What.REJECTED), (3, What.ACCEPTED)])
def test_a_device_can_be_blind_in_one_nest_only(nest: int, answered: What) -> None:
    world = a_tester_with_nests()
    world.set_behaviour("op10", Behaviour.BLIND, 3)
    world.advance(world.hold("op10"))
    assert world.snapshot("op10")["nest"] == 0
    world.put_in("op10", "RR-1", nest)
    world.advance(world.now + timedelta(seconds=3))
    assert world.snapshot("op10")["nest"] == nest
    put_in, said = world.facts("op10", What.PUT_IN, What.REJECTED, What.ACCEPTED)
    assert (put_in.place, said.what) == (nest, answered)


def test_normal_parts_come_in_each_nest_in_turn() -> None:
    world = a_tester_with_nests()
    world.watch("op10")
    changes = world.advance(START + timedelta(seconds=40))
    nests = [c.signals["nest"] for c in changes if c.signals.get("nest")]
    assert len(nests) >= 8
    assert nests == [1 + (int(str(nests[0])) - 1 + n) % 4 for n in range(len(nests))]


def test_in_one_nest_a_device_is_blind_or_well() -> None:
    with pytest.raises(ValueError, match="blind only, not stuck_on"):
        a_tester_with_nests().set_behaviour("op10", Behaviour.STUCK_ON, 2)


WITH_UPTIME = ALL_SIGNALS | {"uptime"}
"""It changes with the time; no event tells it."""


def test_a_machine_that_restarts_forgets_its_counts_and_what_it_was_about_to_say() -> None:
    world = a_world(signals=WITH_UPTIME)
    world.advance(START + timedelta(minutes=1))
    before = world.snapshot("op10")
    world.advance(world.hold("op10"))
    world.put_in("op10", "RR-1")
    world.advance(world.now + timedelta(seconds=0.5))
    world.restart_machine("op10")
    world.advance(world.now + timedelta(seconds=3))
    after = world.snapshot("op10")
    assert isinstance(before["part_count"], int)
    assert before["part_count"] > 4000
    assert (after["part_count"], after["good_count"]) == (0, 0)
    assert (after["uptime"], after["part_present"], after["rejected"]) == (3, True, False)
    world.take_out("op10")
    assert world.snapshot("op10")["part_count"] == 1
    assert [fact.what for fact in world.facts("op10", What.REJECTED, What.RESTARTED)] == [
        What.RESTARTED
    ]


def test_an_uptime_counts_the_whole_seconds() -> None:
    world = a_world(signals=WITH_UPTIME)
    before = world.snapshot("op10")["uptime"]
    world.advance(START + timedelta(seconds=7.9))
    after = world.snapshot("op10")["uptime"]
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after - before == 7
