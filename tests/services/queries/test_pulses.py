"""What is said of how long a station's answers last, in both languages (D30)."""

from dataclasses import replace

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.facts.pulse import PulseWhy
from redrabbit.domain.identity import Actor, SignalName
from redrabbit.domain.learnt_pulse import SAMPLE, Cycle
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from redrabbit.services.pulse_learning import PulseNews, decide, keep
from redrabbit.services.queries.pulses import Learning, PulseShown, pulses_shown
from tests.plants import OP20, Bench, a_plant, a_station

REJECTED = SignalName("rejected")
LI = Actor.stated("Li")


class Learnt:
    """A station that is read every 100 ms, and what was learnt of its reject bit."""

    def __init__(self) -> None:
        station = a_station(OP20)
        assert isinstance(station.link, ModbusLink)
        self.station: Station = replace(station, link=replace(station.link, poll_interval_s=0.1))
        self.bench = Bench(a_plant(stations=(self.station,)))
        self.entry = 0

    def learn(
        self, at_least_s: float, at_most_s: float, why: PulseWhy | None = PulseWhy.LEARNT
    ) -> None:
        cycles = (Cycle(at_least_s=at_least_s, at_most_s=at_most_s),) * (SAMPLE if why else 7)
        news = PulseNews(station=self.station, signal=REJECTED, cycles=cycles, why=why)
        pulse = self.bench.write(lambda uow: keep(uow, self.bench.plant, news))
        self.entry = pulse.proposed_entry if pulse is not None else 0

    def say(self, *, confirmed: bool) -> None:
        self.bench.write(
            lambda uow: decide(
                uow,
                self.bench.plant,
                OP20,
                REJECTED,
                proposed_entry=self.entry,
                confirmed=confirmed,
                actor=LI,
            )
        )

    def shown(self) -> PulseShown:
        found = self.bench.database.read_now(lambda r: pulses_shown(r, self.station))
        assert [each.signal for each in found] == ["rejected", "accepted"]
        return found[0]


def said(shown: PulseShown, language: str = "en") -> list[str]:
    words = catalogue(language)
    return [words.render(each) for each in (shown.words, *shown.warnings)]


def test_while_it_is_learnt_it_is_said_how_far_that_is() -> None:
    learnt = Learnt()
    assert said(learnt.shown()) == ["rejected: being learnt, 0 of 20 answers."]
    learnt.learn(0.24, 0.44, why=None)
    assert said(learnt.shown()) == ["rejected: being learnt, 7 of 20 answers."]
    assert learnt.shown().state is Learning.LEARNING


def test_what_is_proposed_says_what_it_comes_to() -> None:
    learnt = Learnt()
    learnt.learn(0.34, 0.54)
    shown = learnt.shown()
    assert shown.is_to_decide
    assert said(shown) == [
        (
            "rejected: the shortest of 20 answers lasted at least 340 ms and at most 540 ms. The station "
            "is read every 100 ms: gaps of up to 170 ms hide nothing."
        )
    ]


def test_polls_that_are_too_slow_are_said_to_be_with_what_is_needed() -> None:
    learnt = Learnt()
    learnt.learn(0.09, 0.31)
    assert "Reading every 45 ms is needed" in said(learnt.shown())[1]
    learnt = Learnt()
    learnt.learn(0.0, 0.2)
    assert said(learnt.shown()) == [
        (
            "rejected: one reading alone showed the shortest of 20 answers. It lasted 200 ms at most, and "
            "perhaps much less. The station is read every 100 ms."
        ),
        (
            "The station is read too seldom for this: once it is confirmed, silence proves nothing here. "
            "Reading every 50 ms or faster is needed (`poll` in the station file), or declare pulse if the PLC "
            "program tells it."
        ),
    ]


def test_what_was_decided_says_by_whom() -> None:
    learnt = Learnt()
    learnt.learn(0.34, 0.54)
    learnt.say(confirmed=False)
    assert said(learnt.shown()) == [
        "rejected: what was learnt was refused by Li (name not verified). Three polls count as harmless."
    ]
    learnt.say(confirmed=True)
    assert said(learnt.shown()) == [
        (
            "rejected: answers last at least 340 ms, learnt from 20, confirmed by Li (name not verified). Gaps "
            "of up to 170 ms hide nothing."
        )
    ]
    assert not learnt.shown().is_to_decide


def test_a_shorter_one_is_said_to_be_with_what_was_confirmed() -> None:
    learnt = Learnt()
    learnt.learn(0.34, 0.54)
    learnt.say(confirmed=True)
    learnt.learn(0.22, 0.32, why=PulseWhy.SHORTER)
    assert said(learnt.shown())[1:] == [
        "An answer lasted 320 ms at most; 340 ms were confirmed. Verdicts go by the shorter one already."
    ]


def test_a_shorter_one_before_anything_was_confirmed_says_so() -> None:
    learnt = Learnt()
    learnt.learn(0.22, 0.32, why=PulseWhy.SHORTER)
    assert said(learnt.shown())[1:] == ["Meanwhile an answer was seen that lasted 320 ms at most."]


def test_a_refused_shorter_one_leaves_what_was_confirmed() -> None:
    learnt = Learnt()
    learnt.learn(0.34, 0.54)
    learnt.say(confirmed=True)
    cycles = (Cycle(at_least_s=0.34, at_most_s=0.54), Cycle(at_least_s=0.1, at_most_s=0.3))
    news = PulseNews(station=learnt.station, signal=REJECTED, cycles=cycles, why=PulseWhy.SHORTER)
    pulse = learnt.bench.write(lambda uow: keep(uow, learnt.bench.plant, news))
    assert pulse is not None
    learnt.entry = pulse.proposed_entry
    learnt.say(confirmed=False)
    assert said(learnt.shown()) == [
        (
            "rejected: answers last at least 340 ms, as confirmed; a shorter one was refused by Li (name not "
            "verified). Gaps of up to 170 ms hide nothing."
        )
    ]


@pytest.mark.parametrize("why", PulseWhy)
def test_everything_has_its_words_in_chinese(why: PulseWhy) -> None:
    learnt = Learnt()
    learnt.learn(0.09, 0.31, why=why)
    assert all("毫秒" in text or "ms" in text for text in said(learnt.shown(), "zh"))


def test_of_messages_and_of_what_is_declared_nothing_is_said() -> None:
    learnt = Learnt()
    link = MqttLink(endpoint="broker", host="127.0.0.1", port=1883)
    told = replace(learnt.station, link=link)
    assert learnt.bench.database.read_now(lambda reader: pulses_shown(reader, told)) == ()
