"""A code is worded, a person's words are quoted, and neither is taken for the other (D23, K3.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.messages import LANGUAGES, catalogue
from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.run_words import StopCode
from redrabbit.services.queries.reasons import why_decided, why_stopped
from redrabbit.services.queries.wording import message
from tests.plants import a_plant
from tests.stored import bare

PLANT = a_plant()


@given(st.one_of(st.text(min_size=1), st.sampled_from([*DecisionCode, *StopCode]).map(str)))
def test_a_persons_words_stand_as_written_in_quotation_marks(words: str) -> None:
    """Whatever they are: also a code of ours, or our own sentence for one."""
    excused = bare(
        OccurrenceRecord, reason_code=DecisionCode.PERSON, reason_text=words, pause_id=None
    )
    given_up = bare(RunRecord, reason_code=StopCode.PERSON, reason_text=words)
    for said in (why_decided(PLANT, excused), why_stopped(given_up)):
        assert said is not None
        assert {catalogue(language).render(said) for language in LANGUAGES} == {f"“{words}”"}


@pytest.mark.parametrize("code", [code for code in StopCode if code is not StopCode.PERSON])
def test_a_code_of_a_run_is_worded(code: StopCode) -> None:
    stopped = bare(RunRecord, reason_code=code, reason_text=None)
    assert why_stopped(stopped) == message(f"given.{code.value}")


def test_a_pause_is_named_by_its_number() -> None:
    paused = bare(
        OccurrenceRecord, reason_code=DecisionCode.PAUSE, reason_text=None, pause_id="line1-P-3"
    )
    assert why_decided(PLANT, paused) == message("given.pause", pause="line1-P-3")


def test_what_nothing_stopped_has_no_reason() -> None:
    assert why_stopped(bare(RunRecord, reason_code=None, reason_text=None)) is None
