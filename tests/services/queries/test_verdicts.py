"""A verdict in words, with what it rests on and what to do about it."""

from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.records import PresentationRecord
from redrabbit.domain.run_words import Verdict, Why
from redrabbit.services.queries.verdicts import VerdictShown, verdict_shown
from tests.plants import OP20
from tests.services.queries.at_op20 import AtOp20
from tests.stored import bare


def said(bench: AtOp20, step: int = 0) -> VerdictShown | None:
    (shown,) = (
        p for p in bench.ask(lambda reader: reader.find(PresentationRecord)) if p.step == step
    )
    return verdict_shown(shown)


def judged(**answer: Any) -> VerdictShown:
    bench = AtOp20()
    bench.start()
    bench.judged(**answer)
    found = said(bench)
    assert found is not None
    return found


def test_an_open_verdict_says_nothing() -> None:
    bench = AtOp20()
    bench.start()
    bench.scan()
    assert said(bench) is None


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence", "advice"),
    [
        pytest.param(
            {"rejected": True, "reject_code": 11},
            "detected",
            "verdict.detected.right_reason",
            None,
            id="detected",
        ),
        pytest.param(
            {"accepted": True},
            "missed",
            "verdict.missed.sentence",
            "advice.stop_line",
            id="accepted",
        ),
        pytest.param(
            {"rejected": True, "reject_code": 99},
            "inconclusive",
            "verdict.why.wrong_reject_code",
            "advice.call_maintenance",
            id="rejected for another reason",
        ),
        pytest.param(
            {"rejected": True, "accepted": True},
            "inconclusive",
            "verdict.why.contradictory",
            "advice.call_maintenance",
            id="both answers",
        ),
    ],
)
def test_a_verdict_is_said_with_its_reason_and_advice(
    answer: dict[str, Any], verdict: str, sentence: str, advice: str | None
) -> None:
    found = judged(**answer)
    assert (found.verdict, found.word.code, found.part) == (
        verdict,
        f"verdict.{verdict}",
        "RR-0001",
    )
    assert found.sentence.code == sentence
    assert (found.advice.code if found.advice is not None else None) == advice


def test_a_miss_by_silence_is_said_as_silence() -> None:
    """D3: nothing was accepted; the station said nothing at all."""
    bench = AtOp20()
    bench.start()
    bench.scan()
    bench.put_on()
    for _ in range(8):
        bench.answer()
    found = said(bench)
    assert found is not None
    assert (found.word.code, found.sentence.code) == (
        "verdict.missed_silent",
        "verdict.missed.silent",
    )


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.INCONCLUSIVE])
def test_what_is_known_by_silence_is_said_as_silence(verdict: Verdict) -> None:
    """F5, D33: a camera that only says NG, a pin that keeps the cycle off, say nothing at all."""
    told, silent = (
        verdict_shown(
            bare(
                PresentationRecord,
                verdict=verdict,
                answer_kind=answer,
                part_id="RR-1",
                elapsed_s=2.0,
            )
        )
        for answer in (AnswerBy.SIGNAL, AnswerBy.SILENCE)
    )
    assert told is not None
    assert silent is not None
    assert silent.sentence.code == f"verdict.{verdict}.silent"
    assert told.sentence.code != silent.sentence.code
    assert (told.word == silent.word) == (verdict is not Verdict.MISSED)


def test_a_reason_that_stood_there_before_is_said_not_to_be_new() -> None:
    """D31."""
    bench = AtOp20()
    bench.start()
    bench.read(OP20, reject_code=11)
    bench.judged(rejected=True)
    found = said(bench)
    assert found is not None
    assert (found.verdict, found.sentence.code) == (
        "detected",
        "verdict.detected.reason_not_renewed",
    )


def test_a_rejection_that_tells_no_reason_is_said_as_that() -> None:
    """D31: it is awaited until the time is over."""
    bench = AtOp20()
    bench.start()
    bench.judged(rejected=True)
    assert said(bench) is None
    bench.pass_time(3)
    bench.tick()
    found = said(bench)
    assert found is not None
    assert (found.verdict, found.sentence.code) == (
        "inconclusive",
        "verdict.why.reason_not_told",
    )


def test_a_silence_that_was_not_listened_to_is_said_as_that() -> None:
    """D30: one reading in three seconds."""
    bench = AtOp20()
    bench.start()
    bench.scan()
    bench.put_on()
    bench.pass_time(1.8)
    bench.read(OP20)
    bench.pass_time(1.3)
    bench.read(OP20)
    found = said(bench)
    assert found is not None
    assert (found.verdict, found.sentence.code) == (
        "inconclusive",
        "verdict.why.not_watched.in_place",
    )
    gap, harmless = found.sentence.params["gap"], found.sentence.params["harmless"]
    assert isinstance(gap, timedelta)
    assert isinstance(harmless, timedelta)
    assert gap > harmless


def test_the_gap_before_the_part_is_told_where_that_decided() -> None:
    """D30: the part came in a gap of 2.5 s; while it was in place the station was read all the time."""
    bench = AtOp20()
    bench.start()
    bench.scan()
    bench.see_free()
    bench.pass_time(2.5)
    bench.read(OP20, part_present=True)
    for _ in range(16):
        bench.pass_time(0.2)
        bench.read(OP20)
    found = said(bench)
    assert found is not None
    assert found.sentence.code == "verdict.why.not_watched.before"
    gap, harmless = found.sentence.params["gap"], found.sentence.params["harmless"]
    assert isinstance(gap, timedelta)
    assert isinstance(harmless, timedelta)
    assert timedelta(seconds=2.5) <= gap < timedelta(seconds=3)
    assert harmless < gap


@pytest.mark.parametrize("evidence", [None, "{}", '{"windows": {"blind": true}}'])
def test_a_record_that_has_no_gap_tells_none(evidence: str | None) -> None:
    """What an earlier version wrote, or what was erased."""
    record = bare(
        PresentationRecord,
        verdict=Verdict.INCONCLUSIVE,
        verdict_reason=Why.NOT_WATCHED,
        evidence=evidence,
    )
    found = verdict_shown(record)
    assert found is not None
    assert found.sentence.code == "verdict.why.not_watched"


def test_a_rejected_good_master_calls_maintenance() -> None:
    bench = AtOp20()
    bench.start()
    bench.judged(rejected=True, reject_code=11)
    bench.give_back()
    bench.judged("GM-0001", rejected=True, reject_code=11)
    found = said(bench, step=1)
    assert found is not None
    assert (found.verdict, found.sentence.code) == ("false_reject", "verdict.false_reject.sentence")
    assert found.advice is not None


@pytest.mark.parametrize("why", [why for why in Why if why is not Why.ABORTED])
def test_every_reason_that_is_nobodys_wish_has_an_advice(why: Why) -> None:
    found = verdict_shown(
        bare(PresentationRecord, verdict=Verdict.INCONCLUSIVE, verdict_reason=why)
    )
    assert found is not None
    assert found.advice is not None
