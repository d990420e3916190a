"""A reason stands with its lapse and changes nothing of it."""

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.fact import Changes, Look
from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.identity import Actor, OccurrenceId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.records import LapseReasonRecord, OccurrenceRecord
from redrabbit.services.explaining import explain_lapse
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.unit_of_work import Recording
from tests.stored import SteppingClock, any_fold, bare, put

LI = Actor.stated("Li")
LAPSE, PASS = OccurrenceId("line1-O-1"), OccurrenceId("line1-O-2")


def either(entry: Entry, look: Look) -> Changes:
    """Put any record, or fold as the product does."""
    return fold(entry, look) if entry.type == "lapse_explained" else any_fold(entry, look)


def a_plant() -> MemoryDatabase:
    database = MemoryDatabase(
        origin="plant",
        clock=SteppingClock(),
        recording=Recording(fold=either, software="test"),
        seal=lambda _log: "sealed",
    )
    outcomes = {LAPSE: OccurrenceOutcome.LAPSED, PASS: OccurrenceOutcome.PASSED}
    for number, (each, outcome) in enumerate(outcomes.items(), start=1):
        due = bare(
            OccurrenceRecord,
            number,
            occurrence_id=each,
            line="line1",
            trigger_key=each,
            outcome=outcome,
        )
        database.write_now(lambda uow, due=due: uow.append(put(due)))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    return database


def test_reasons_are_kept_in_their_order_and_the_lapse_stays_as_it_was() -> None:
    database = a_plant()
    before = database.read_now(lambda reader: reader.get(OccurrenceRecord, LAPSE))
    for text in ("no part was there", " it was at calibration "):
        database.write_now(lambda uow, text=text: explain_lapse(uow, LAPSE, text=text, actor=LI))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    kept = database.read_now(lambda reader: reader.find(LapseReasonRecord))
    assert [(each.place, each.text, each.line) for each in kept] == [
        (1, "no part was there", "line1"),
        (2, "it was at calibration", "line1"),
    ]
    assert database.read_now(lambda reader: reader.get(OccurrenceRecord, LAPSE)) == before


@pytest.mark.parametrize(
    ("about", "text", "code"),
    [
        ("line1-O-9", "x", "no_such_occurrence"),
        (PASS, "x", "occurrence_not_lapsed"),
        (LAPSE, "", "text_missing"),
        (LAPSE, "x" * 501, "text_too_long"),
    ],
)
def test_only_a_lapse_has_a_reason_and_only_in_words(about: str, text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        a_plant().write_now(
            lambda uow: explain_lapse(uow, OccurrenceId(about), text=text, actor=LI)
        )
    assert refused.value.code == code
