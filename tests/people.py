"""People of a served plant, registered by their facts, and how a browser or a program is known as one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher

from redrabbit.base.common_passwords import common_passwords
from redrabbit.base.local_secret import LocalSecret
from redrabbit.base.password_hashing import PasswordHashing
from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.beside import ScreenSecret, TokenSecret, digest_of, new_secret
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.facts.badge import BadgeIssued
from redrabbit.domain.facts.credential import CredentialSet
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.person import PersonDisabled, PersonKind, PersonRecord, PersonRegistered
from redrabbit.domain.facts.role_grant import RoleGranted, RoleGrantRecord
from redrabbit.domain.facts.station_screen import StationScreenEnrolled, StationScreenRecord
from redrabbit.domain.facts.token import Scope, TokenIssued, TokenRecord
from redrabbit.domain.identity import (
    AGENT,
    GrantId,
    How,
    PersonId,
    PlantLetter,
    ScreenId,
    TokenId,
    numbered_in_plant,
)
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.one_time_code import CodePurpose
from redrabbit.domain.role import Role
from redrabbit.services import credentials, sessions
from redrabbit.services.agent import Agent
from redrabbit.services.askers import token_text
from redrabbit.services.people_at_stations import PeopleAtStations
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.sign_in import SignIn
from redrabbit.services.stated_names import id_of

T = TypeVar("T")

PIN = "739251"
BADGE_KEY = b"b" * 32
PASSWORD = "kettle umbrella 42 moss"


@cache
def quick_hashing() -> PasswordHashing:
    """Return hashing that takes no time; every use of the product's own is tested where it is made."""
    return PasswordHashing(
        LocalSecret(bytes(32)), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


def sign_in_at(agent: Agent) -> SignIn:
    """Return how people sign in at a served plant."""
    return SignIn(
        agent.database,
        quick_hashing(),
        now=agent.clock.now,
        common=common_passwords(),
        plant=lambda: agent.plant.name,
        at_stations=PeopleAtStations(
            agent.database, plant=lambda: agent.plant, now=agent.clock.now, badge_key=BADGE_KEY
        ),
        commits=agent.commits,
        note_commit=agent.note_commit,
        steady_s=agent.clock.steady_s,
    )


@dataclass(frozen=True)
class People:
    """The people of a plant."""

    agent: Agent
    write: Callable[[Callable[[UnitOfWork], object]], object]
    """Runs a command in the plant's database, at once."""

    def _write(self, command: Callable[[UnitOfWork], T]) -> T:
        found: list[T] = []
        self.write(lambda uow: found.append(command(uow)))
        self.agent.note_commit()
        return found[0]

    def _number(self, uow: UnitOfWork, kind: type, letter: PlantLetter) -> str:
        return numbered_in_plant(letter, uow.next_number(kind, PLANT_STREAM))

    def _record(self, uow: UnitOfWork, fact: Fact) -> None:
        record(uow, fact, stream=PLANT_STREAM, actor=AGENT)

    def register(
        self,
        name: str,
        *roles: Role,
        line: str | None = None,
        number: str | None = None,
        expires_at: datetime | None = None,
        until_at: datetime | None = None,
        password: bool = True,
    ) -> PersonId:
        """Register a person with roles, and with the password `PASSWORD`."""

        def command(uow: UnitOfWork) -> PersonId:
            person_id = PersonId(self._number(uow, PersonRecord, PlantLetter.PERSON))
            self._record(
                uow,
                PersonRegistered(
                    person_id=person_id,
                    name=id_of(uow, name),
                    language=None,
                    employee_number=None if number is None else id_of(uow, number),
                    kind=PersonKind.PERSON,
                    expires_at=expires_at,
                ),
            )
            for role in roles:
                self._record(uow, self._grant(uow, person_id, role, line, until_at))
            if password:
                hashed = quick_hashing().hash_now(PASSWORD)
                credentials.set_credential(uow, person_id, CredentialKind.PASSWORD, hashed)
                self._record(uow, CredentialSet(person_id=person_id, kind=CredentialKind.PASSWORD))
            return person_id

        return self._write(command)

    def _grant(
        self,
        uow: UnitOfWork,
        person_id: PersonId,
        role: Role,
        line: str | None,
        until_at: datetime | None,
    ) -> RoleGranted:
        return RoleGranted(
            grant_id=GrantId(self._number(uow, RoleGrantRecord, PlantLetter.GRANT)),
            person_id=person_id,
            role=role,
            line=line,
            from_at=uow.now,
            until_at=until_at,
            deputy_for=None,
        )

    def tell(self, fact: Fact) -> None:
        """Record a fact."""
        self._write(lambda uow: self._record(uow, fact))

    def disable(self, person_id: PersonId) -> None:
        """Disable a person."""
        self._write(lambda uow: self._record(uow, PersonDisabled(person_id=person_id)))

    def session(self, person_id: PersonId) -> str:
        """Begin a session of a person and return its secret."""
        begun = self._write(
            lambda uow: sessions.begin_session(
                uow, person_id, How.PASSWORD, address="10.0.0.7", agent="test"
            )
        )
        return begun.secret

    def link(self, person_id: PersonId) -> str:
        """Return the code of a link to set a password."""
        return self._write(
            lambda uow: credentials.give_code(uow, CodePurpose.SET_PASSWORD, person_id)
        )

    def token(self, owner: PersonId, scopes: Iterable[Scope], *, line: str | None = None) -> str:
        """Issue a token for a day and return it as its program shows it."""

        def command(uow: UnitOfWork) -> str:
            token_id, secret = self._number(uow, TokenRecord, PlantLetter.TOKEN), new_secret()
            self._record(
                uow,
                TokenIssued(
                    token_id=TokenId(token_id),
                    name="MES",
                    person_id=owner,
                    scopes=tuple(scopes),
                    line=line,
                    expires_at=uow.now + timedelta(days=1),
                ),
            )
            uow.keep_row(TokenSecret(token_id=token_id, digest=digest_of(secret), made_at=uow.now))
            return token_text(token_id, secret)

        return self._write(command)

    def badge(self, person_id: PersonId, code: str) -> None:
        """Issue a badge to a person."""
        fact = BadgeIssued(
            badge_id=badge_id(BADGE_KEY, code), person_id=person_id, provisional_until=None
        )
        self._write(lambda uow: self._record(uow, fact))

    def pin(self, person_id: PersonId) -> None:
        """Let a person have the PIN `PIN`."""

        def command(uow: UnitOfWork) -> None:
            hashed = quick_hashing().hash_now(PIN)
            credentials.set_credential(uow, person_id, CredentialKind.PIN, hashed)
            self._record(uow, CredentialSet(person_id=person_id, kind=CredentialKind.PIN))

        self._write(command)

    def screen(self, station: str) -> str:
        """Enrol a screen of a station and return its secret."""

        def command(uow: UnitOfWork) -> str:
            screen_id, secret = (
                self._number(uow, StationScreenRecord, PlantLetter.SCREEN),
                new_secret(),
            )
            fact = StationScreenEnrolled(
                screen_id=ScreenId(screen_id), station=station, name="tablet"
            )
            self._record(uow, fact)
            uow.keep_row(
                ScreenSecret(digest=digest_of(secret), screen_id=screen_id, made_at=uow.now)
            )
            return secret

        return self._write(command)
