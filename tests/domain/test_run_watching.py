"""A run is judged by pulses that become known while it is under way (D30)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.blind_time import blind_after_s
from redrabbit.domain.evidence import Evidence, begin
from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import Rises
from redrabbit.domain.run import Run
from redrabbit.domain.run_watching import watched_by
from redrabbit.domain.signals import Encoding, MqttAddress
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from tests.builders import ACCEPTED, PRESENT, REJECTED, a_rule, a_run, an_expectation
from tests.plants import OP20, a_station

MESSAGE = MqttAddress(topic="t", encoding=Encoding.BOOL)
RULE = a_rule(part_code=None, presented=Rises(signal=PRESENT))


def polled() -> Station:
    station = a_station(OP20)
    assert isinstance(station.link, ModbusLink)
    return replace(station, link=replace(station.link, poll_interval_s=0.1))


def under_way(station: Station, gap_s: float, *, blind: bool = False) -> Run:
    """A run in which a judging signal was unread for so long."""
    expected = replace(an_expectation(RULE), blind_after_s=blind_after_s(RULE, station))
    evidence = replace(begin(expected, {}), largest_gap_s=gap_s, blind=blind)
    return replace(a_run(expected, expected), evidence=evidence, later_presentation=evidence)


def evidence_of(run: Run) -> tuple[Evidence, Evidence]:
    assert run.evidence is not None
    assert run.later_presentation is not None
    return run.evidence, run.later_presentation


def test_every_step_and_what_was_seen_so_far_go_by_the_shorter_pulse() -> None:
    run = watched_by(under_way(polled(), 0.25), polled(), {REJECTED: 0.4})
    expectations = [step.expectation for step in run.steps]
    expectations += [evidence.expectation for evidence in evidence_of(run)]
    for expected in expectations:
        assert expected.blind_after_s == {
            REJECTED: pytest.approx(0.2),
            ACCEPTED: pytest.approx(0.2),
        }
        assert expected.learnt_s == {REJECTED: 0.4}
    assert [evidence.blind for evidence in evidence_of(run)] == [True, True]


def test_a_gap_that_stays_harmless_is_none() -> None:
    run = watched_by(under_way(polled(), 0.15), polled(), {REJECTED: 0.4})
    assert [evidence.blind for evidence in evidence_of(run)] == [False, False]


def test_a_run_that_has_seen_nothing_yet_has_nothing_to_judge_anew() -> None:
    run = watched_by(replace(a_run(), evidence=None), polled(), {REJECTED: 0.4})
    assert run.evidence is None


def test_pulses_of_other_devices_say_nothing() -> None:
    run = watched_by(under_way(polled(), 0.25), polled(), {SignalName("lamp"): 0.1})
    assert run.step.expectation.learnt_s == {}
    assert not evidence_of(run)[0].blind


def test_what_is_told_in_messages_stays_as_it_is() -> None:
    station = replace(
        polled(),
        link=MqttLink(endpoint="broker", host="127.0.0.1", port=1883),
    )
    before = replace(an_expectation(RULE), blind_after_s={REJECTED: None, ACCEPTED: None})
    run = replace(a_run(before), evidence=begin(before, {}))
    told = replace(
        station,
        signals=tuple(replace(spec, address=MESSAGE) for spec in station.signals),
    )
    after = watched_by(run, told, {})
    assert after.step.expectation.blind_after_s == {REJECTED: None, ACCEPTED: None}
    assert after.evidence is not None
    assert not after.evidence.blind


@given(
    gap_s=st.floats(0, 1),
    blind=st.booleans(),
    first_s=st.floats(0, 2),
    then_s=st.floats(0, 2),
)
def test_no_pulse_makes_evidence_stronger(
    gap_s: float, blind: bool, first_s: float, then_s: float
) -> None:
    """Weaker, never stronger: whatever is learnt, confirmed or refused while the run is under way."""
    before = under_way(polled(), gap_s, blind=blind)
    once = watched_by(before, polled(), {REJECTED: first_s})
    twice = watched_by(once, polled(), {REJECTED: then_s})
    for earlier, later in ((before, once), (once, twice)):
        was, now = earlier.step.expectation.blind_after_s, later.step.expectation.blind_after_s
        for signal, limit_s in was.items():
            narrowed = now[signal]
            assert limit_s is not None
            assert narrowed is not None
            assert narrowed <= limit_s
        assert evidence_of(later)[0].blind >= evidence_of(earlier)[0].blind
