"""A signature over a leaf that is not the one of the entry it names is found by `redrabbit verify` (R20)."""

from pathlib import Path

import pytest

from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.facts.challenge_part import PartStateChanged, PartStateCode
from redrabbit.domain.facts.fact import event_of
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.signature import SignatureGiven
from redrabbit.domain.identity import Actor, How, PersonId
from redrabbit.domain.records import ChallengePartRecord
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.services.signables import leaf_of
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, START, SteppingClock, bare, put

WU = Actor(id="p-0001", how=How.PASSWORD)


def opened(path: Path) -> SqlDatabase:
    return open_database(
        f"sqlite:///{path}", plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )


def sign(uow: SqlUnitOfWork, leaf: str | None) -> None:
    """Let a part be released, and signed over its leaf, or another one."""
    changed = PartStateChanged(
        part_id="RR-0001",
        state=PartState.RELEASED,
        state_code=PartStateCode.PERSON,
        state_text=None,
    )
    entry = uow.append(event_of(changed, stream="line1", at=START, actor=WU))
    signature = SignatureGiven(
        entry=entry.index,
        leaf_hash=leaf or leaf_of(uow, entry.index),
        subject=Subject.PART,
        subject_id="RR-0001",
        meaning=Meaning.RELEASED,
        person_id=PersonId(WU.id),
        how=How.PASSWORD,
        auth_at=START,
        shown=uow.keep_blob("signed_text", b"what was shown"),
        language=PersonLanguage.EN,
    )
    uow.append(event_of(signature, stream="line1", at=START, actor=WU))


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("leaf", [None, "0" * 64])
def test_a_signature_of_something_else_is_found(
    tmp_path: Path, leaf: str | None, two: bool
) -> None:
    """Whoever has the signing key could write it; nobody else."""
    path = tmp_path / "plant.db"
    with opened(path) as database:
        database.write_now(
            lambda uow: uow.append(
                put(bare(ChallengePartRecord, part_id="RR-0001", stream="line1"))
            )
        )
        database.write_now(lambda uow: sign(uow, None))
        database.write_now(lambda uow: sign(uow, leaf))
    found = verify_database(f"sqlite:///{path}", fold=RECORDING.fold, two_processes=two)
    told = [(each.code, each.place, dict(each.params)) for each in found.findings]
    expected = [] if leaf is None else [("signature_differs", "ledger[4]", {"of_entry": 3})]
    assert told == expected
