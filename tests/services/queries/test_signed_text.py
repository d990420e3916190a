"""The text that is signed: made of the record alone, in both languages, without a name (R20, D51)."""

import re
from dataclasses import replace
from functools import partial

import pytest

from redrabbit.base.messages import LANGUAGES, catalogue
from redrabbit.domain.identity import Actor, ContainmentId
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.signing import Signable, signable
from redrabbit.domain.subject import Subject
from redrabbit.services import containing, planning, scheduling
from redrabbit.services.adopting import adopt
from redrabbit.services.containing import EndTold
from redrabbit.services.ports import Reader
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.signables import who_took_part
from tests.services.queries.at_op20 import ANNA, AtOp20

CASE = ContainmentId("line1-C-1")
BEN, CHEN = Actor.stated("2208"), Actor.stated("2209")


@pytest.fixture(scope="module")
def bench() -> AtOp20:
    """A case from its miss to its end, a part out of use, and a check that was excused."""
    found = AtOp20()
    found.miss()
    found.verify(case=CASE)
    found.write(
        lambda uow: containing.end_window(
            uow, CASE, EndTold(text="belt off", box_label="KLT-1"), count=None, actor=ANNA
        )
    )
    for step in range(len(found.plant.plan.checks[0].reaction)):
        found.write(partial(containing.tick_reaction, containment_id=CASE, step=step, actor=BEN))
    found.write(lambda uow: containing.close(uow, CASE, actor=CHEN))
    found.write(lambda uow: planning.quarantine(uow, "RR-0001", reason="bent", actor=ANNA))
    return found


def named_in(words: str) -> set[str]:
    """Return the ids of whom a text names as having done something."""
    return set(re.findall(r"(\S+) \(name only stated", words))


def text(bench: AtOp20, subject: Subject, subject_id: str, language: str = "en") -> str:
    def read(reader: object) -> str:
        found = signable(reader.get, subject, subject_id)  # type: ignore[attr-defined]  # a reader
        assert isinstance(found, Signable)
        return text_to_sign(reader, bench.plant, found, language)  # type: ignore[arg-type]  # as above

    return bench.ask(read)


@pytest.mark.parametrize(
    ("subject", "subject_id", "said"),
    [
        (Subject.RUN, "line1-R-1", ("Not detected", "failed", "RR-0001", "CP-1 rev A")),
        (Subject.CONTAINMENT, CASE, ("belt off", "KLT-1", "line1-R-2")),
        (Subject.PART, "RR-0001", ("quarantined", "“bent”")),
    ],
)
def test_a_text_says_what_the_record_says(
    bench: AtOp20, subject: Subject, subject_id: str, said: tuple[str, ...]
) -> None:
    english = text(bench, subject, subject_id)
    assert all(each in english for each in said), english
    assert "UTC" in english
    assert english == text(bench, subject, subject_id)
    assert english != text(bench, subject, subject_id, "zh")


@pytest.mark.parametrize(
    ("subject", "subject_id", "names"),
    [(Subject.RUN, "line1-R-1", 1), (Subject.CONTAINMENT, CASE, 3), (Subject.PART, "RR-0001", 1)],
)
def test_whoever_stands_in_the_text_took_part_in_what_it_says(
    bench: AtOp20, subject: Subject, subject_id: str, names: int
) -> None:
    def took_part(reader: Reader) -> frozenset[str]:
        found = signable(reader.get, subject, subject_id)
        assert found is not None
        return who_took_part(reader, found)

    named = named_in(text(bench, subject, subject_id))
    assert len(named) == names
    assert bench.ask(took_part) >= named


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("subject", "subject_id"),
    [(Subject.RUN, "line1-R-1"), (Subject.CONTAINMENT, CASE), (Subject.PART, "RR-0001")],
)
def test_a_text_has_words_for_everything(
    bench: AtOp20, subject: Subject, subject_id: str, language: str
) -> None:
    for line in text(bench, subject, subject_id, language).splitlines()[2:]:
        label = line.replace("：", ":").partition(":")[0]
        assert "." not in label, line
        assert "(" not in label, line


def test_a_text_of_a_case_says_when_its_device_was_verified_again(bench: AtOp20) -> None:
    """A step of the reaction can be ticked before the re-verification was made."""
    again = bench.ask(lambda reader: recorded(reader, RunRecord, "line1-R-2"))
    said = catalogue("en", bench.plant.zone).shown("", again.ended_at, "zoned")
    assert f"Re-verified: {said}\n" in text(bench, Subject.CONTAINMENT, CASE)
    assert again.ended_at is not None


def test_a_part_that_came_back_says_that_it_was_quarantined_before() -> None:
    """The configuration, which let it come back so, gave no reason of its own."""
    bench = AtOp20()
    part = bench.plant.parts[0].id
    bench.write(lambda uow: planning.quarantine(uow, part, reason="bent", actor=ANNA))
    for parts, digest in ((bench.plant.parts[1:], "1" * 64), (bench.plant.parts, "2" * 64)):
        plant = replace(bench.plant, parts=parts, digest=digest)
        bench.write(partial(adopt, plant=plant, files={"plant.yaml": digest}, software="test"))
    assert "quarantined before it left the configuration" in text(bench, Subject.PART, part)
    assert "移出配置前已被隔离" in text(bench, Subject.PART, part, "zh")


def test_an_excuse_says_who_and_why() -> None:
    bench = AtOp20()
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    due = bench.ask(lambda reader: reader.find(OccurrenceRecord))[0].occurrence_id
    bench.write(lambda uow: planning.excuse(uow, due, reason="prototype", actor=ANNA))
    assert "“prototype”" in text(bench, Subject.EXCUSE, due)


def test_another_text_has_another_digest() -> None:
    assert digest_of_text("x") != digest_of_text("y")
