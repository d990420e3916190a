"""What can be signed, in which meaning and by whom; and that a signature stands over nothing but what was signed (R20)."""

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.acts import GiveSignature
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.permissions import MAY
from redrabbit.domain.records import (
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
    SignatureRecord,
)
from redrabbit.domain.role import Role
from redrabbit.domain.signing import (
    SIGNERS,
    Meaning,
    Signable,
    hands_on_case,
    hands_on_run,
    may_sign,
    refuse_signature,
    signable,
    subject_of,
)
from redrabbit.domain.subject import Subject
from tests.domain.facts.test_containment import CONTAINMENT, DONE
from tests.domain.folded import AT, PART, VERDICT, FoldedLedger, a_ledger, a_running_ledger
from tests.stored import bare

WU = Actor(id="p-0001", how=How.PASSWORD)
OF: dict[Subject, tuple[type[Record], str]] = {
    Subject.RUN: (RunRecord, "line1-R-1"),
    Subject.CONTAINMENT: (ContainmentRecord, "line1-C-1"),
    Subject.PART: (ChallengePartRecord, "RR-0001"),
    Subject.EXCUSE: (OccurrenceRecord, "line1-O-1"),
}
"""Finished records; requests are signed in `tests.domain.facts.test_approval_request`."""
WHERE_IT_IS = {"custody", "custody_at", "run_id", "uses"}
"""What of a part moves with each use, and is not signed."""


def signed(
    ledger: FoldedLedger, subject: Subject, over: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Sign a record as it stands; `over` is what the fact says otherwise."""
    subject_id = OF[subject][1]
    found = signable(ledger.look, subject, subject_id)
    entry = found.entry if found is not None else len(ledger.entries) - 1
    actor, ledger.actor = ledger.actor, WU
    payload = {
        "entry": entry,
        "leaf_hash": "ab" * 32,
        "subject": subject.value,
        "subject_id": subject_id,
        "meaning": "reviewed",
        "person_id": WU.id,
        "how": "password",
        "auth_at": ledger.entries[entry].occurred_at,
        "shown": "cd" * 32,
        "language": "en",
    }
    try:
        ledger.say_on("line1", "signature_given", 5000, **(payload | dict(over)))
    finally:
        ledger.actor = actor


def a_story() -> FoldedLedger:
    """Return a ledger with one of everything that is signed."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 90, **VERDICT)
    ledger.say("run_closed", 99, run_id="line1-R-1", outcome="passed", confirmed=True)
    ledger.say("containment_opened", 100, **CONTAINMENT)
    ledger.say("containment_closed", 120, containment_id="line1-C-1")
    ledger.say(
        "occurrence_decided",
        130,
        occurrence_id="line1-O-1",
        check_id="torque",
        outcome="excused",
        reason_code="person",
        reason_text="no parts",
    )
    return ledger


@pytest.mark.parametrize("subject", OF)
def test_a_finished_record_is_signed_by_its_last_entry(subject: Subject) -> None:
    ledger = a_story()
    found = signable(ledger.look, subject, OF[subject][1])
    assert found is not None
    assert (found.subject, found.subject_id, found.stream) == (subject, OF[subject][1], "line1")
    fact = fact_of(ledger.entries[found.entry])
    assert fact is not None
    assert subject_of(fact) == (subject, OF[subject][1])
    assert found.done_by == "name:anna"


@pytest.mark.parametrize("subject", Subject)
def test_what_is_not_there_is_not_signed(subject: Subject) -> None:
    assert signable(FoldedLedger().look, subject, "line1-R-7") is None


def test_what_is_not_finished_is_not_signed() -> None:
    ledger = a_running_ledger()
    ledger.say("containment_opened", 100, **CONTAINMENT)
    for subject in (Subject.RUN, Subject.CONTAINMENT, Subject.EXCUSE):
        assert signable(ledger.look, subject, OF[subject][1]) is None


def test_an_entry_that_finishes_nothing_is_not_signed() -> None:
    fact = fact_of(a_ledger().entries[0])
    assert fact is not None
    assert subject_of(fact) is None


def test_a_case_that_closed_by_itself_is_nobodys() -> None:
    """Under schemas 1 and 2 (D35)."""
    ledger = a_story()
    case = replace(ledger.the(ContainmentRecord, "line1-C-1"), closed_by=None)
    found = signable(lambda *_: case, Subject.CONTAINMENT, "line1-C-1")  # type: ignore[arg-type]  # one record only
    assert found is not None
    assert found.done_by is None


CONTRADICTED = {"run_id": "line1-R-1", "step": 0, "attempt": 1, "verdict_reason": "contradictory"}
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("verdict_contradicted", AT | CONTRADICTED),
    ("run_remarked", {"run_id": "line1-R-1", "place": 1, "text": "lamp dim"}),
    ("containment_stopped", {"containment_id": "line1-C-1", "window_end": "stop", "quantity": 9}),
    (
        "containment_window_moved",
        {"containment_id": "line1-C-1", "why": "counted_on", "opens_again": False, "quantity": 300},
    ),
    (
        "containment_window_moved",
        {"containment_id": "line1-C-1", "why": "running_again", "opens_again": True},
    ),
    ("reaction_changed", {"containment_id": "line1-C-1", "reaction": [DONE], "step": 0}),
    ("repair_recorded", {"containment_id": "line1-C-1", "repair_code": "lens_cleaned"}),
    (
        "repair_disproved",
        {"containment_id": "line1-C-1", "run_id": "line1-R-1", "repair_code": "lens_cleaned"},
    ),
    ("containment_reverified", {"containment_id": "line1-C-1", "run_id": "line1-R-1"}),
    ("containment_closed", {"containment_id": "line1-C-1"}),
    ("part_state_changed", {"part_id": "RR-0001", "state": "quarantined", "state_code": "person"}),
    ("part_state_changed", {"part_id": "RR-0001", "state": "released", "state_code": "person"}),
    ("part_registered", PART | {"storage": "drawer B9"}),
    ("part_registered", PART | {"measured": "18.4 N·m"}),
    ("part_missing", {"part_id": "RR-0001"}),
    ("part_found", {"part_id": "RR-0001"}),
]
QUANTITIES = {"quantity_is_lower_bound": False}


def said(ledger: FoldedLedger, change: tuple[str, dict[str, Any]]) -> None:
    kind, payload = change
    has_quantity = kind in {"containment_stopped", "containment_window_moved"}
    ledger.say(kind, 1000, **(payload | (QUANTITIES if has_quantity else {})))


def told(ledger: FoldedLedger, subject: Subject) -> Any:
    """Return all that a record says, but where a part is."""
    kind, subject_id = OF[subject]
    record = ledger.the(kind, subject_id)
    shown = {
        field.name: getattr(record, field.name)
        for field in fields(record)
        if subject is not Subject.PART or field.name not in WHERE_IT_IS
    }
    if subject is Subject.RUN:
        return shown, ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    return shown


def stands(ledger: FoldedLedger, signature: SignatureRecord) -> bool:
    found = signable(ledger.look, signature.subject, signature.subject_id)
    return found is not None and found.entry == signature.of_entry


@given(st.lists(st.sampled_from([*CHANGES, *OF]), max_size=12))
@settings(deadline=None)
def test_a_signature_stands_over_nothing_but_what_was_signed(
    steps: list[tuple[str, dict[str, Any]] | Subject],
) -> None:
    ledger = a_story()
    then: dict[tuple[Subject, int], Any] = {}
    for step in steps:
        if isinstance(step, Subject):
            found = signable(ledger.look, step, OF[step][1])
            if found is not None and (step, found.entry) not in then:
                signed(ledger, step)
                then[step, found.entry] = told(ledger, step)
        else:
            said(ledger, step)
        given_now = [one for one in ledger.records.values() if isinstance(one, SignatureRecord)]
        assert {(one.subject, one.of_entry) for one in given_now} == then.keys()  # none is deleted
        for one in given_now:
            if stands(ledger, one):
                assert told(ledger, one.subject) == then[one.subject, one.of_entry]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_whatever_changes_a_record_says_so_in_it(change: tuple[str, dict[str, Any]]) -> None:
    """Each change by itself, so that none depends on luck to be tried right behind a signature."""
    ledger = a_story()
    before = {subject: told(ledger, subject) for subject in OF}
    for subject in OF:
        signed(ledger, subject)
    said(ledger, change)
    for one in ledger.records.values():
        if isinstance(one, SignatureRecord):
            assert stands(ledger, one) is (told(ledger, one.subject) == before[one.subject])


@pytest.mark.parametrize("subject", [Subject.RUN, Subject.CONTAINMENT, Subject.PART])
def test_a_correction_takes_the_signature_away_and_leaves_it_visible(subject: Subject) -> None:
    ledger = a_story()
    signed(ledger, subject)
    (signature,) = (one for one in ledger.records.values() if isinstance(one, SignatureRecord))
    assert stands(ledger, signature)
    correction = {
        Subject.RUN: CHANGES[0],
        Subject.CONTAINMENT: CHANGES[2],
        Subject.PART: CHANGES[10],
    }
    said(ledger, correction[subject])
    assert not stands(ledger, signature)
    assert ledger.the(SignatureRecord, signature.of_entry, "reviewed", WU.id) == signature


ALL = frozenset(Role)


def found_of(subject: Subject, *, is_release: bool = True) -> Signable:
    return Signable(
        subject=subject,
        subject_id="x",
        stream="line1",
        entry=7,
        done_by="p-0001",
        is_release=is_release,
    )


@given(
    st.sampled_from(Subject),
    st.booleans(),
    st.sampled_from(Meaning),
    st.sampled_from(["finished it", "helped", "looked"]),
    st.frozensets(st.sampled_from(Role)),
)
def test_who_did_it_signs_what_they_did_and_others_that_they_looked(
    subject: Subject,
    is_release: bool,
    meaning: Meaning,
    part: str,
    roles: frozenset[Role],
) -> None:
    """Who only had a hand in a case or part neither signs that they did it, nor looks it over."""
    finished = part == "finished it"
    found = replace(
        found_of(subject, is_release=is_release), done_by="p-0001" if finished else "p-0002"
    )
    took_part = part != "looked"
    did = frozenset({"p-0001", "p-0002"} if took_part else {"p-0002"})
    did_it = took_part if subject is Subject.RUN else finished
    fits = meaning in SIGNERS[subject] and (is_release or meaning is not Meaning.RELEASED)
    allowed = (
        fits
        and bool(roles & SIGNERS[subject][meaning])
        and (did_it if meaning.is_own else not took_part)
    )
    assert may_sign(found, meaning, "p-0001", did, roles) is allowed
    assert (meaning in found.meanings) is fits


@pytest.mark.parametrize(
    ("meaning", "did", "roles", "code"),
    [
        (Meaning.RELEASED, {"p-0001"}, ALL, "meaning_does_not_fit"),
        (Meaning.REVIEWED, set(), {Role.OPERATOR, Role.AUDITOR}, "not_permitted"),
        (Meaning.PERFORMED, {"p-0002"}, ALL, "signed_by_who_did_it"),
        (Meaning.WITNESSED, {"p-0001"}, ALL, "signed_by_another"),
    ],
)
def test_a_signature_that_says_what_is_not_so_is_refused(
    meaning: Meaning, did: set[str], roles: frozenset[Role], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_signature(found_of(Subject.RUN), meaning, "p-0001", frozenset(did), frozenset(roles))
    assert refused.value.code == code


DOERS = [
    (kind, field.name)
    for kind in (RunRecord, PresentationRecord, ContainmentRecord)
    for field in fields(kind)
    if field.name.endswith("_by")
]


def hands_on(record: RunRecord | PresentationRecord | ContainmentRecord) -> frozenset[str]:
    if isinstance(record, ContainmentRecord):
        return hands_on_case(record)
    if isinstance(record, RunRecord):
        return hands_on_run(record, ())
    return hands_on_run(bare(RunRecord, started_by="p-0002"), [record])


@pytest.mark.parametrize(("kind", "field"), DOERS)
def test_whoever_is_named_for_something_of_it_had_a_hand_in_it(kind: Any, field: str) -> None:
    """Who repaired, stopped or ticked a step could look their own case over, and who held the feed their own run."""
    given = {"reaction": "[]"} if kind is ContainmentRecord else {}
    assert "p-0001" in hands_on(bare(kind, **given, **{field: "p-0001"}))


def test_who_did_a_step_of_the_reaction_had_a_hand_in_the_case() -> None:
    ledger = a_ledger()
    ledger.say("containment_opened", 100, **CONTAINMENT)
    opened = ledger.look(ContainmentRecord, "line1-C-1")
    assert opened is not None
    assert hands_on_case(opened) == frozenset()
    ledger.say("reaction_changed", 110, containment_id="line1-C-1", step=0, reaction=[DONE])
    ticked = ledger.look(ContainmentRecord, "line1-C-1")
    assert ticked is not None
    assert hands_on_case(ticked) == {"name:anna"}


def test_every_role_that_signs_may_give_signatures() -> None:
    """The table of acts lets nobody through whom this one lets, and shuts none of them out."""
    signers = frozenset[Role]().union(
        *(roles for one in SIGNERS.values() for roles in one.values())
    )
    assert signers == MAY[GiveSignature]


def test_auditors_administrators_and_programs_sign_nothing() -> None:
    for one in SIGNERS.values():
        for roles in one.values():
            assert not roles & {Role.AUDITOR, Role.ADMINISTRATOR, Role.SERVICE}
