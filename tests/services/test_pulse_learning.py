"""Learning how long answers last: in production, over restarts, confirmed by people, watched after (D30)."""

from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.pulse import PulseState, PulseWhy
from redrabbit.domain.identity import Actor, SignalName
from redrabbit.domain.learnt_pulse import SAMPLE, Cycle
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import AlarmRecord, PulseRecord
from redrabbit.domain.station import ModbusLink
from redrabbit.services.ports import KeptCycles
from redrabbit.services.pulse_learning import decide, keep
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, Bench, a_plant, a_station

LI = Actor.stated("Li")
REJECTED, ACCEPTED = SignalName("rejected"), SignalName("accepted")
POLL_S = 0.1


def a_polled_plant(**signals: Any) -> Plant:
    """Two stations that are polled every 100 ms."""
    stations = []
    for name in (OP20, OP30):
        station = a_station(name)
        assert isinstance(station.link, ModbusLink)
        stations.append(replace(station, link=replace(station.link, poll_interval_s=POLL_S)))
    return a_plant(stations=tuple(stations), **signals)


@pytest.fixture
def bench() -> Bench:
    return Bench(a_polled_plant())


def look(bench: Bench) -> None:
    """Record what was learnt, as the agent does every second."""
    for owner in bench.owners.values():
        for news in owner.pulses.news():
            pulse = bench.write(lambda uow, news=news: keep(uow, bench.plant, news))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
            owner.pulses.recorded(news, pulse)


def poll(bench: Bench, times: int = 1, **values: Any) -> None:
    for _ in range(times):
        bench.pass_time(POLL_S)
        bench.read(OP20, **values)
        values = {}


def reject(bench: Bench, polls: int = 4) -> None:
    """Let the station reject a part of normal production."""
    poll(bench, 4)
    poll(bench, polls, rejected=True)
    poll(bench, 1, rejected=False)


def learn(bench: Bench) -> PulseRecord:
    for _ in range(SAMPLE):
        reject(bench)
    look(bench)
    return the_pulse(bench)


def the_pulse(bench: Bench) -> PulseRecord:
    found = bench.database.read_now(lambda r: r.get(PulseRecord, LINE, OP20, REJECTED))
    assert found is not None
    return found


def say(bench: Bench, *, confirmed: bool) -> PulseRecord:
    entry = the_pulse(bench).proposed_entry
    pulse = bench.write(
        lambda uow: decide(
            uow, bench.plant, OP20, REJECTED, proposed_entry=entry, confirmed=confirmed, actor=LI
        )
    )
    bench.owners[OP20].pulses.decided(pulse)
    bench.owners[OP20].judge_by_pulses()
    return pulse


def in_use_s(bench: Bench) -> float | None:
    return bench.owners[OP20].pulses.in_use_s.get(REJECTED)


def entries(bench: Bench) -> int:
    return bench.database.read_now(lambda reader: reader.head().size)


def start(bench: Bench) -> None:
    bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=LI,
            now=bench.clock.now(),
        )
    )


def limit_s(bench: Bench) -> float | None:
    run = bench.owners[OP20].run
    assert run is not None
    return run.step.expectation.blind_after_s[REJECTED]


def test_twenty_answers_make_a_proposal_and_one_entry(bench: Bench) -> None:
    before = entries(bench)
    for _ in range(SAMPLE - 1):
        reject(bench)
        look(bench)
    assert entries(bench) == before
    reject(bench, polls=3)
    look(bench)
    look(bench)
    assert entries(bench) == before + 1
    pulse = the_pulse(bench)
    assert (pulse.state, pulse.why) == (PulseState.PROPOSED, PulseWhy.LEARNT)
    assert pulse.shortest == Cycle(at_least_s=0.2, at_most_s=0.4)
    assert len(pulse.sample) == SAMPLE
    assert in_use_s(bench) is None


def test_what_was_learnt_outlasts_a_restart(bench: Bench) -> None:
    for _ in range(SAMPLE - 1):
        reject(bench)
        look(bench)
    bench.restart()
    reject(bench)
    look(bench)
    assert the_pulse(bench).state is PulseState.PROPOSED


def test_what_can_not_be_read_any_more_is_learnt_anew(bench: Bench) -> None:
    """Whoever damages what stands beside the ledger keeps no service from starting."""
    for _ in range(3):
        reject(bench)
    look(bench)
    (kept,) = bench.database.read_now(lambda reader: reader.cycles_kept(LINE, OP20))
    assert isinstance(kept, KeptCycles)
    bench.write(lambda uow: uow.keep_cycles(replace(kept, cycles="[7]")))
    bench.restart()
    reject(bench)
    (news,) = bench.owners[OP20].pulses.news()
    assert len(news.cycles) == 1


def test_a_failed_reading_in_an_answer_counts_for_nothing(bench: Bench) -> None:
    poll(bench, 4)
    poll(bench, 2, rejected=True)
    bench.pass_time(POLL_S)
    bench.fail(OP20)
    poll(bench, 2, rejected=True, accepted=False)
    poll(bench, 1, rejected=False)
    assert bench.owners[OP20].pulses.news() == ()


def test_a_step_of_the_clock_in_an_answer_counts_for_nothing(bench: Bench) -> None:
    poll(bench, 4)
    poll(bench, 2, rejected=True)
    for owner in bench.owners.values():
        owner.shift(bench.clock.now() - bench.clock.now())
    poll(bench, 2, rejected=False)
    assert bench.owners[OP20].pulses.news() == ()


def test_a_pulse_counts_from_its_confirmation_on_and_over_a_restart(bench: Bench) -> None:
    learn(bench)
    start(bench)
    assert limit_s(bench) == pytest.approx(0.3)
    pulse = say(bench, confirmed=True)
    assert (pulse.confirmed_s, pulse.decided_by) == (0.3, "Li")
    assert in_use_s(bench) == 0.3
    assert limit_s(bench) == pytest.approx(0.15)
    bench.restart()
    assert in_use_s(bench) == 0.3
    assert limit_s(bench) == pytest.approx(0.15)
    run = bench.owners[OP20].run
    assert run is not None
    assert run.step.expectation.learnt_s == {REJECTED: 0.3}


def test_what_is_refused_does_not_count_and_may_be_confirmed_later(bench: Bench) -> None:
    learn(bench)
    assert say(bench, confirmed=False).state is PulseState.REFUSED
    assert in_use_s(bench) is None
    reject(bench, polls=1)
    assert bench.owners[OP20].pulses.news() == ()
    with pytest.raises(Refusal) as twice:
        say(bench, confirmed=False)
    assert twice.value.code == "pulse_decided"
    assert say(bench, confirmed=True).in_use_s == 0.3
    with pytest.raises(Refusal) as again:
        say(bench, confirmed=True)
    assert again.value.code == "pulse_decided"


def test_a_shorter_answer_counts_at_once_is_told_and_proposed_anew(bench: Bench) -> None:
    learn(bench)
    say(bench, confirmed=True)
    start(bench)
    reject(bench, polls=1)
    assert in_use_s(bench) == 0.0
    assert limit_s(bench) == 0.0
    look(bench)
    pulse = the_pulse(bench)
    assert (pulse.state, pulse.why, pulse.in_use_s) == (PulseState.PROPOSED, PulseWhy.SHORTER, 0.0)
    assert pulse.shortest == Cycle(at_least_s=0.0, at_most_s=0.2)
    assert pulse.sample[-1] == pulse.shortest
    alarms = bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert [(alarm.kind, alarm.station) for alarm in alarms] == [(AlarmKind.SHORTER_PULSE, OP20)]
    bench.restart()
    assert in_use_s(bench) == 0.0


def test_an_answer_that_the_polls_met_badly_is_no_shorter_one(bench: Bench) -> None:
    learn(bench)
    say(bench, confirmed=True)
    reject(bench, polls=3)
    assert in_use_s(bench) == 0.3
    assert bench.owners[OP20].pulses.news() == ()


def test_several_shorter_answers_before_the_next_look_are_one_proposal(bench: Bench) -> None:
    learn(bench)
    say(bench, confirmed=True)
    reject(bench, polls=2)
    assert in_use_s(bench) == 0.3  # up to 0.3 s: perhaps as long as ever
    reject(bench, polls=1)
    reject(bench, polls=1)
    assert in_use_s(bench) == 0.0
    assert len(bench.owners[OP20].pulses.news()) == 1


def test_a_shorter_answer_of_what_is_only_proposed_raises_no_alarm(bench: Bench) -> None:
    learn(bench)
    reject(bench, polls=1)
    look(bench)
    assert the_pulse(bench).why is PulseWhy.SHORTER
    assert bench.database.read_now(lambda reader: reader.find(AlarmRecord)) == []


def test_a_refused_shorter_answer_leaves_what_was_confirmed_and_watched(bench: Bench) -> None:
    learn(bench)
    say(bench, confirmed=True)
    reject(bench, polls=1)
    look(bench)
    say(bench, confirmed=False)
    assert in_use_s(bench) == 0.3
    reject(bench, polls=1)
    assert in_use_s(bench) == 0.0


def test_what_was_recorded_meanwhile_makes_no_pulse_longer(bench: Bench) -> None:
    """The proposal is on its way into the records when the next shorter answer ends."""
    learn(bench)
    say(bench, confirmed=True)
    pulses = bench.owners[OP20].pulses
    confirmed = the_pulse(bench)
    reject(bench, polls=1)
    pulses.decided(confirmed)
    assert in_use_s(bench) == 0.0


def test_what_a_person_did_not_see_is_not_decided(bench: Bench) -> None:
    learn(bench)
    entry = the_pulse(bench).proposed_entry
    reject(bench, polls=1)
    look(bench)

    def act(station: str, signal: str) -> str:
        with pytest.raises(Refusal) as refused:
            bench.write(
                lambda uow: decide(
                    uow,
                    bench.plant,
                    station,
                    signal,
                    proposed_entry=entry,
                    confirmed=True,
                    actor=LI,
                )
            )
        return refused.value.code

    assert act(OP20, REJECTED) == "pulse_proposed_anew"
    assert act(OP20, ACCEPTED) == "no_such_pulse"
    assert act("op99", REJECTED) == "no_such_station"


def moved(plant: Plant) -> Plant:
    """The reject bit stands somewhere else."""
    station = plant.station(OP20)
    signals = tuple(
        replace(each, address=replace(each.address, address=77)) if each.name == REJECTED else each  # type: ignore[arg-type]  # because all of them are polled
        for each in station.signals
    )
    stations = tuple(
        replace(each, signals=signals) if each.id == OP20 else each for each in plant.stations
    )
    return replace(plant, stations=stations)


def test_what_was_learnt_of_a_signal_that_moved_counts_for_nothing(bench: Bench) -> None:
    learn(bench)
    say(bench, confirmed=True)
    for _ in range(2):
        reject(bench)
    news = bench.owners[OP20].pulses.news()
    before, bench.plant = bench.plant, moved(bench.plant)
    bench.restart()
    assert in_use_s(bench) is None
    bench.plant = before
    bench.restart()
    assert in_use_s(bench) == 0.3
    assert news == ()


def test_news_of_a_station_that_changed_meanwhile_are_dropped(bench: Bench) -> None:
    reject(bench)
    (news,) = bench.owners[OP20].pulses.news()
    assert bench.write(lambda uow: keep(uow, moved(bench.plant), news)) is None
    assert bench.database.read_now(lambda reader: reader.cycles_kept(LINE, OP20)) == []


def test_what_is_declared_is_not_learnt(bench: Bench) -> None:
    station = bench.plant.station(OP20)
    told = replace(
        station,
        signals=tuple(replace(s, pulse_s=0.5) for s in station.signals),
    )
    bench = Bench(replace(bench.plant, stations=(told,)))
    reject(bench)
    assert bench.owners[OP20].pulses.news() == ()
    bench.owners[OP20].pulses.look_away()
