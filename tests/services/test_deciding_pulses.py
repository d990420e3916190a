"""A pulse is learnt by a running service, confirmed through the door, and counts from then on (D30)."""

from dataclasses import replace

import pytest

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.pulse import PulseState
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.learnt_pulse import SAMPLE
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PulseRecord
from redrabbit.domain.station import ModbusLink
from redrabbit.services.ports import KeptCycles
from tests.plants import LINE, OP20, OP30, a_plant, a_station
from tests.services.served import ANNA, Served

REJECTED = SignalName("rejected")


def fast_plant() -> Plant:
    """Stations that are read every 100 ms."""
    stations = []
    for name in (OP20, OP30):
        station = a_station(name)
        assert isinstance(station.link, ModbusLink)
        stations.append(replace(station, link=replace(station.link, poll_interval_s=0.1)))
    return a_plant(stations=tuple(stations))


async def learn(served: Served) -> PulseRecord:
    for _ in range(SAMPLE):
        for told in (None, None, True, None, None, None, False):
            served.pass_time(0.1)
            await served.read_station(OP20, **{} if told is None else {"rejected": told})
        await served.agent.record_pulses()
    found = served.database.read_now(lambda r: r.get(PulseRecord, LINE, OP20, REJECTED))
    assert found is not None
    return found


def an_act(pulse: PulseRecord, *, confirmed: bool = True) -> acts.DecidePulse:
    return acts.DecidePulse(
        station=OP20,
        signal=REJECTED,
        proposed_entry=pulse.proposed_entry,
        confirmed=confirmed,
    )


async def test_what_is_confirmed_counts_in_the_run_under_way_and_after_a_restart() -> None:
    served = await Served.opened(fast_plant())
    proposed = await learn(served)
    await served.start()
    owner = served.agent.queues[OP20].owner
    before = served.agent.commits()
    pulse = await served.service.do(an_act(proposed), ANNA, "k1")
    assert pulse.state is PulseState.CONFIRMED
    assert await served.service.do(an_act(proposed), ANNA, "k1") == pulse
    assert served.agent.commits() > before
    assert owner.pulses.in_use_s == {REJECTED: 0.3}
    assert owner.run is not None
    assert owner.run.step.expectation.blind_after_s[REJECTED] == pytest.approx(0.15)
    await served.restart()
    assert served.agent.queues[OP20].owner.pulses.in_use_s == {REJECTED: 0.3}


async def test_at_the_screen_of_another_station_nothing_is_decided() -> None:
    served = await Served.opened(fast_plant())
    proposed = await learn(served)
    elsewhere = replace(ANNA, station=StationId(OP30))
    with pytest.raises(Refusal) as refused:
        await served.service.do(an_act(proposed), elsewhere)
    assert refused.value.code == "other_station"


async def test_a_station_that_is_gone_has_nothing_to_note() -> None:
    served = await Served.opened(fast_plant())
    pulse = await learn(served)
    served.agent.note_pulse(replace(pulse, station="gone"))


async def test_what_is_not_recorded_yet_outlasts_a_stop_and_another_configuration() -> None:
    served = await Served.opened(fast_plant())
    await learn(served)
    for told in (None, True, None, False):
        served.pass_time(0.1)
        await served.read_station(OP20, **{} if told is None else {"accepted": told})
    later = replace(served.plant, digest="2" * 64)
    await served.agent.take_over(later, {"plant.yaml": "plant: y\n"})
    assert [kept.signal for kept in kept_of(served)] == ["accepted", "rejected"]
    for told in (None, True, None, False):
        served.pass_time(0.1)
        await served.read_station(OP20, **{} if told is None else {"accepted": told})
    before = kept_of(served)
    await served.agent.close()
    assert kept_of(served) != before


def kept_of(served: Served) -> list[KeptCycles]:
    return list(served.database.read_now(lambda reader: reader.cycles_kept(LINE, OP20)))
