"""A password or PIN is taken away, or tried again, as the ledger tells it."""

from redrabbit.domain.credential import Credential, CredentialKind
from redrabbit.domain.facts.credential import CredentialLocked, CredentialSet, CredentialState
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.identity import AGENT, How, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_acts import ResetCredential, UnlockCredential
from redrabbit.domain.session import Session
from redrabbit.domain.throttle import SignInAttempts
from redrabbit.services.credentials import begin_try, set_credential, subject_of
from redrabbit.services.record_fact import record
from redrabbit.services.sessions import begin_session
from tests.services.people_served import ADMINISTRATOR, a_person, refused, with_administrator
from tests.services.served import Served

PIN = CredentialKind.PIN


def tell(served: Served, fact: Fact) -> None:
    served.database.write_now(lambda uow: record(uow, fact, stream=PLANT_STREAM, actor=AGENT))


async def test_what_is_locked_is_unlocked_and_what_is_set_is_reset() -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li")).id)
    reset = ResetCredential(person_id=li, kind=PIN)
    unlock = UnlockCredential(person_id=li, kind=PIN)
    assert await refused(served, reset) == "credential_not_set"
    assert await refused(served, unlock) == "credential_not_locked"
    tell(served, CredentialSet(person_id=li, kind=PIN))
    assert await refused(served, unlock) == "credential_not_locked"
    tell(served, CredentialLocked(person_id=li, kind=PIN))
    subject = subject_of(li, PIN)
    served.database.write_now(lambda uow: set_credential(uow, li, PIN, "hashed"))
    served.database.write_now(lambda uow: begin_try(uow, subject, "10.0.0.7"))
    served.database.write_now(
        lambda uow: begin_session(uow, li, How.BADGE_PIN, address="10.0.0.7", agent="tablet")
    )
    unlocked = await served.service.do(unlock, ADMINISTRATOR)
    assert unlocked.state is CredentialState.SET
    attempts = served.database.read_now(lambda reader: reader.row(SignInAttempts, subject))
    assert attempts is None
    removed = await served.service.do(reset, ADMINISTRATOR)
    assert removed.state is CredentialState.REMOVED
    assert served.database.read_now(lambda reader: reader.rows(Credential)) == []
    sessions = served.database.read_now(lambda reader: reader.rows(Session, person_id=li))
    assert all(session.ended_at is not None for session in sessions)
    assert await refused(served, reset) == "credential_not_set"


async def test_nobody_unknown_has_a_credential() -> None:
    served = await with_administrator()
    nobody = PersonId("p-0099")
    for act in (
        ResetCredential(person_id=nobody, kind=PIN),
        UnlockCredential(person_id=nobody, kind=PIN),
    ):
        assert await refused(served, act) == "no_such_person"
