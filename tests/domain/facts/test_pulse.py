"""Pulses: proposed, decided, proposed anew (D30)."""

import pytest

from redrabbit.domain.facts.pulse import PulseState, PulseWhy, as_json, cycles_of
from redrabbit.domain.learnt_pulse import Cycle
from redrabbit.domain.records import PulseRecord
from tests.domain.folded import ANNA, FoldedLedger, at, values

PROPOSED = {
    "station": "op20",
    "signal": "rejected",
    "learnt_of": "a",
    "poll_interval_s": 0.1,
    "why": PulseWhy.LEARNT,
    "at_least_s": 0.3,
    "at_most_s": 0.5,
    "cycles": [{"at_least_s": 0.3, "at_most_s": 0.5}],
}
SHORTER = PROPOSED | {
    "why": PulseWhy.SHORTER,
    "at_least_s": 0.1,
    "at_most_s": 0.25,
    "cycles": [*PROPOSED["cycles"], {"at_least_s": 0.1, "at_most_s": 0.25}],  # type: ignore[misc]  # because the values are of several types
}
KEY = ("line1", "op20", "rejected")


def decided(ledger: FoldedLedger, pulse_s: float, *, confirmed: bool) -> None:
    ledger.say(
        "pulse_decided",
        60,
        station="op20",
        signal="rejected",
        confirmed=confirmed,
        pulse_s=pulse_s,
        proposed_entry=0,
        cycles=PROPOSED["cycles"],
    )


def test_what_is_proposed_waits_for_a_person() -> None:
    ledger = FoldedLedger()
    ledger.say("pulse_proposed", 5, **PROPOSED)
    pulse = ledger.the(PulseRecord, *KEY)
    assert values(pulse, "state", "in_use_s", "watched_s", "proposed_at", "decided_by") == {
        "state": PulseState.PROPOSED,
        "in_use_s": None,
        "watched_s": 0.3,
        "proposed_at": at(5),
        "decided_by": None,
    }
    assert pulse.shortest == Cycle(at_least_s=0.3, at_most_s=0.5)
    assert pulse.sample == pulse.sample_watched == (pulse.shortest,)


def test_what_is_confirmed_counts_and_says_by_whom() -> None:
    ledger = FoldedLedger()
    ledger.say("pulse_proposed", 5, **PROPOSED)
    decided(ledger, 0.3, confirmed=True)
    pulse = ledger.the(PulseRecord, *KEY)
    assert (pulse.state, pulse.in_use_s, pulse.watched_s) == (PulseState.CONFIRMED, 0.3, 0.3)
    assert (pulse.decided_by, pulse.decided_at) == (ANNA.id, at(60))


def test_what_is_refused_counts_for_nothing() -> None:
    ledger = FoldedLedger()
    ledger.say("pulse_proposed", 5, **PROPOSED)
    decided(ledger, 0.3, confirmed=False)
    pulse = ledger.the(PulseRecord, *KEY)
    assert (pulse.state, pulse.in_use_s, pulse.watched_s) == (PulseState.REFUSED, None, None)
    assert pulse.sample_watched == pulse.sample


def test_a_shorter_one_counts_at_once_and_waits_for_a_person() -> None:
    ledger = FoldedLedger()
    ledger.say("pulse_proposed", 5, **PROPOSED)
    decided(ledger, 0.3, confirmed=True)
    ledger.say("pulse_proposed", 90, **SHORTER)
    pulse = ledger.the(PulseRecord, *KEY)
    assert (pulse.state, pulse.confirmed_s, pulse.in_use_s) == (PulseState.PROPOSED, 0.3, 0.1)
    assert pulse.decided_by is None
    decided(ledger, 0.1, confirmed=False)
    refused = ledger.the(PulseRecord, *KEY)
    assert (refused.in_use_s, refused.watched_s) == (0.3, 0.3)
    assert refused.sample_watched == (Cycle(at_least_s=0.3, at_most_s=0.5),)


def test_what_was_confirmed_of_another_signal_there_is_forgotten() -> None:
    ledger = FoldedLedger()
    ledger.say("pulse_proposed", 5, **PROPOSED)
    decided(ledger, 0.3, confirmed=True)
    ledger.say("pulse_proposed", 90, **PROPOSED | {"learnt_of": "b"})
    assert ledger.the(PulseRecord, *KEY).in_use_s is None


def test_answers_come_back_as_they_were_kept() -> None:
    cycles = (Cycle(at_least_s=0.0, at_most_s=1.0), Cycle(at_least_s=0.25, at_most_s=0.5))
    assert cycles_of(as_json(cycles)) == cycles


@pytest.mark.parametrize("kept", ["", "{}", "[1]", '[{"at_least_s": 1}]', "[" * 5000])
def test_what_is_no_answer_is_refused(kept: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cycles_of(kept)
