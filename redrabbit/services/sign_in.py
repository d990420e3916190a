"""Signing in and out, and the passwords for it: what a person does to be known (decision 0039).

Sign-ins and sessions are no facts: the log tells them, without what was typed. That a password was set or locked is one.
"""

import logging
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from redrabbit.base.password_hashing import PasswordHashing, TooManyWaiting
from redrabbit.domain.credential import (
    Credential,
    CredentialKind,
    composed,
    refuse_weak_password,
    refuse_weak_pin,
)
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.credential import (
    CredentialLocked,
    CredentialRecord,
    CredentialSet,
    CredentialState,
)
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import AGENT, Actor, How, PersonId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.one_time_code import CodePurpose
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.domain.rights import is_active
from redrabbit.domain.session import Session
from redrabbit.services import credentials, sessions
from redrabbit.services.askers import ANYBODY, NOTHING, Asker, Shown, asker_of, still
from redrabbit.services.people_at_stations import PeopleAtStations
from redrabbit.services.ports import Database, Reader, UnitOfWork
from redrabbit.services.queries.people import kept_name
from redrabbit.services.record_fact import record
from redrabbit.services.sessions import NewSession
from redrabbit.services.still_known import mark_of_hash, refuse_changed_meanwhile
from redrabbit.services.who_signs_in import UNKNOWN_FORGOTTEN_AFTER, person_named, tries_at

T = TypeVar("T")

log = logging.getLogger("redrabbit.sign_in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """From where somebody asks."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Whom a link to set a password is for."""

    person: PersonRecord
    name: str


class SignIn:
    """The people of one plant, as they sign in."""

    def __init__(
        self,
        database: Database,
        hashing: PasswordHashing,
        *,
        now: Callable[[], datetime],
        common: Container[str],
        plant: Callable[[], str],
        at_stations: PeopleAtStations,
        commits: Callable[[], int],
        note_commit: Callable[[], None],
        steady_s: Callable[[], float],
    ) -> None:
        """`common` are passwords that everybody tries; `plant` says its name, `commits` a number that grows with each.

        `steady_s` says what time has passed, whatever is done to the clock.
        """
        self._database = database
        self._hashing = hashing
        self._now = now
        self._common = common
        self._plant = plant
        self.at_stations = at_stations
        """Who is at each station."""
        self._commits = commits
        self._note_commit = note_commit
        self._steady_s = steady_s
        self._shown: dict[str, Reauthentication] = {}
        """Who has just shown who they are, by the session or station where they did."""
        self._nobody_at: int | None = None
        """At which commit nobody was registered; None: somebody is, or it is not known."""

    async def asker(self, shown: Shown) -> Asker:
        """Return who asks; that their session is in use is noted once a minute."""
        now, commit = self._now(), self._commits()
        if shown == NOTHING and self._nobody_at == commit:
            return ANYBODY  # as long as nobody is registered that costs no reading
        found = await self._database.read(
            lambda reader: asker_of(
                reader, shown, now, self.at_stations.there, self.at_stations.named
            )
        )
        if found == ANYBODY:
            self._nobody_at = commit
        session = found.session
        if session is not None and session.seen(now) is not session:
            digest = session.digest
            await self._database.write(lambda uow: sessions.note_seen(uow, digest))
        return found

    async def of_session(self, secret: str) -> Asker:
        """Return who a session is of that has just begun."""
        return await self.asker(Shown(session=secret))

    async def still(self, asker: Asker) -> Asker | None:
        """Return who asked a while ago as they are now, None where they are nobody any more.

        Asked in long streams, and no use of the session.
        """
        if asker == ANYBODY and self._nobody_at == self._commits():
            return asker
        now = self._now()
        return await self._database.read(
            lambda reader: still(reader, asker, now, self.at_stations.there, self.at_stations.named)
        )

    async def with_password(self, name: str, password: str, place: Place) -> NewSession:
        """Begin a session for who has this name, or employee number, and this password; Refusal otherwise."""
        person = await self._database.read(lambda reader: person_named(reader, name, self._now()))
        mark = await self._show(person, CredentialKind.PASSWORD, password, place, name)
        assert person is not None  # noqa: S101  nobody shows the password of nobody
        return await self._begin(person.person_id, mark, place)

    async def show_password(self, session: Session, password: str, place: Place) -> Session:
        """Note that the person of a session is still there: they have typed their password again."""
        return (await self._show_password(session, password, place))[0]

    async def _show_password(
        self, session: Session, password: str, place: Place
    ) -> tuple[Session, str]:
        person = await self._database.read(
            lambda reader: reader.get(PersonRecord, session.person_id)
        )
        kind = CredentialKind.PASSWORD
        mark = await self._show(
            person, kind, password, place, session.person_id, wrong=Refusal("wrong_password")
        )

        def note(uow: UnitOfWork) -> Session | None:
            refuse_changed_meanwhile(uow, session.person_id, kind, mark, uow.now)
            return sessions.note_shown(uow, session.digest)

        shown = await self._database.write(note)
        if shown is None:
            raise Refusal("sign_in_required")
        self._note_shown(session.digest, session.person_id, How.PASSWORD, mark)
        return shown, mark

    def shown_lately(self, asker: Asker) -> Reauthentication | None:
        """Return by what whoever asks has shown within the last minute who they are; None: they have not."""
        shown = self._shown.get(_where(asker))
        return shown if shown is not None and shown.is_fresh(self._steady_s()) else None

    async def welcome(self, code: str) -> Welcome:
        """Return whom a link is for that still works; Refusal where it does not."""
        now = self._now()

        def found(reader: Reader) -> Welcome:
            kept = credentials.subject_of_code(reader, code, CodePurpose.SET_PASSWORD)
            if kept is None or not kept.works(CodePurpose.SET_PASSWORD, now):
                raise Refusal("code_does_not_work")
            person = reader.get(PersonRecord, kept.subject)
            if person is None or not is_active(person, now):
                raise Refusal("code_does_not_work")
            return Welcome(person=person, name=kept_name(reader.names(), person.name))

        return await self._database.read(found)

    async def set_password(self, code: str, password: str, place: Place) -> NewSession:
        """Use a link up: set the password of whom it is for, end their sessions, and begin one."""
        person = (await self.welcome(code)).person
        hashed = await self._hash_of_new(person, password)

        def keep(uow: UnitOfWork) -> None:
            used_by = credentials.use_code(uow, code, CodePurpose.SET_PASSWORD)
            _set(uow, PersonId(used_by), CredentialKind.PASSWORD, hashed, How.LINK)
            sessions.end_sessions(uow, used_by)

        await self.record(keep)
        log.info("password set", extra={"person": person.person_id, "address": place.address})
        return await self._begin(person.person_id, mark_of_hash(hashed), place)

    async def change_password(
        self, session: Session, before: str, after: str, place: Place
    ) -> None:
        """Set another password of whose session it is; their other sessions end."""
        _, mark = await self._show_password(session, before, place)
        person = await self._database.read(
            lambda reader: reader.get(PersonRecord, session.person_id)
        )
        assert person is not None  # noqa: S101  they have just shown their password
        hashed = await self._hash_of_new(person, after)

        def keep(uow: UnitOfWork) -> None:
            kind = CredentialKind.PASSWORD
            refuse_changed_meanwhile(uow, person.person_id, kind, mark, uow.now)
            _set(uow, person.person_id, kind, hashed)
            sessions.end_sessions(uow, person.person_id, but=session.digest)

        await self.record(keep)

    async def set_pin(self, session: Session, password: str, pin: str, place: Place) -> None:
        """Set the PIN of whose session it is, who types the password once more."""
        _, mark = await self._show_password(session, password, place)
        names = await self._database.read(
            lambda reader: _names_of(reader, reader.get(PersonRecord, session.person_id))
        )
        refuse_weak_pin(pin, names=names)
        hashed = await _in_turn(self._hashing.hash(pin))
        person_id = PersonId(session.person_id)

        def keep(uow: UnitOfWork) -> None:
            refuse_changed_meanwhile(uow, person_id, CredentialKind.PASSWORD, mark, uow.now)
            _set(uow, person_id, CredentialKind.PIN, hashed)

        await self.record(keep)

    async def show_pin(
        self, station: StationId, person_id: PersonId, pin: str, place: Place
    ) -> None:
        """Look whether a PIN is that of the person at a station, and note there that they gave it; Refusal otherwise."""
        person = await self._database.read(lambda reader: reader.get(PersonRecord, person_id))
        mark = await self._show(
            person, CredentialKind.PIN, pin, place, person_id, wrong=Refusal("wrong_pin")
        )
        await self.at_stations.proved(station, person_id, mark)
        self._note_shown(station, person_id, How.BADGE_PIN, mark)

    async def end(self, session: Session) -> None:
        """End a session: the person signs out."""
        await self._database.write(
            lambda uow: sessions.end_session(uow, session.person_id, session.id)
        )

    async def end_shown(self, secret: str) -> None:
        """End the session of a secret, whoever counts where it is shown: the browser signs out."""
        session = await self._database.read(lambda reader: sessions.session_of(reader, secret))
        if session is not None:
            await self.end(session)

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Read what is kept of credentials and sessions."""
        return await self._database.read(query)

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Change what is kept of credentials and sessions."""
        return await self._database.write(command)

    async def _begin(self, person_id: str, mark: str, place: Place) -> NewSession:
        """Begin a session by a password; Refusal where it was changed, or the person disabled, while it was looked at."""

        def begin(uow: UnitOfWork) -> NewSession:
            refuse_changed_meanwhile(uow, person_id, CredentialKind.PASSWORD, mark, uow.now)
            return sessions.begin_session(
                uow, person_id, How.PASSWORD, address=place.address, agent=place.agent
            )

        begun = await self._database.write(begin)
        self._note_shown(begun.session.digest, person_id, How.PASSWORD, mark)
        log.info("signed in", extra={"person": person_id, "address": place.address})
        return begun

    def _note_shown(self, where: str, person_id: str, how: How, mark: str) -> None:
        steady_s = self._steady_s()
        self._shown = {each: one for each, one in self._shown.items() if one.is_fresh(steady_s)}
        self._shown[where] = Reauthentication(
            person_id=person_id, how=how, at=self._now(), steady_s=steady_s, credential=mark
        )

    async def _show(
        self,
        person: PersonRecord | None,
        kind: CredentialKind,
        typed: str,
        place: Place,
        name: str,
        *,
        wrong: Refusal | None = None,
    ) -> str:
        """Return the mark of what was shown; Refusal `wrong` unless it is the person's. Counted as failed until it is known (throttle)."""
        subject = tries_at(person, kind, name)
        hashed = await self._begun(person, kind, subject, place)
        fits = await _in_turn(self._hashing.fits(hashed, composed(typed)))
        if fits and hashed is not None:
            await self._database.write(
                lambda uow: credentials.has_fitted(uow, subject, place.address)
            )
            return mark_of_hash(hashed)
        who = person.person_id if person is not None else "nobody"
        log.warning("sign-in failed", extra={"person": who, "address": place.address})
        await self.record(lambda uow: _note_locked(uow, person, kind, subject))
        raise wrong or Refusal("sign_in_failed")

    async def _begun(
        self, person: PersonRecord | None, kind: CredentialKind, subject: str, place: Place
    ) -> str | None:
        """Count a try, and return the hash that what was typed has to fit; None where there is none."""

        def begin(uow: UnitOfWork) -> str | None:
            known = _known(uow, person, kind)
            if person is None:
                credentials.settle(uow, subject, uow.now - UNKNOWN_FORGOTTEN_AFTER)
            if known is not None and known.state is CredentialState.SET:
                credentials.settle(uow, subject, known.changed_at)
            credentials.begin_try(uow, subject, place.address)
            if known is None or known.state is not CredentialState.SET:
                return None  # it was taken away
            kept = uow.row(Credential, known.person_id, kind.value)
            return kept.hash if kept is not None else None

        try:
            return await self._database.write(begin)
        except Refusal as refusal:
            if refusal.code == "credential_locked":
                await self.record(lambda uow: _note_locked(uow, person, kind, subject))
            raise

    async def _hash_of_new(self, person: PersonRecord, password: str) -> str:
        names = await self._database.read(lambda reader: _names_of(reader, person))
        refuse_weak_password(
            password, common=self._common, names=(*names, self._plant(), "Red Rabbit", "redrabbit")
        )
        return await _in_turn(self._hashing.hash(composed(password)))

    async def record(self, command: Callable[[UnitOfWork], T]) -> T:
        """Change what is kept, with what the ledger is told of it."""
        done = await self._database.write(command)
        self._note_commit()
        return done


def _where(asker: Asker) -> str:
    """Return under what is noted that somebody has shown who they are: their session, or the station they are at."""
    if asker.session is not None:
        return asker.session.digest
    return asker.station or "" if asker.there is not None else ""


async def _in_turn(hashing: Awaitable[T]) -> T:
    """Return what is hashed; Refusal where so many wait that it would take long."""
    try:
        return await hashing
    except TooManyWaiting:
        raise Refusal("too_many_tries", retry_after_s=1) from None


def _known(
    reader: Reader, person: PersonRecord | None, kind: CredentialKind
) -> CredentialRecord | None:
    return None if person is None else reader.get(CredentialRecord, person.person_id, kind)


def _names_of(reader: Reader, person: PersonRecord | None) -> tuple[str, ...]:
    """Return what anybody knows of a person: name and employee number."""
    if person is None:
        return ()
    names = reader.names()
    known = (person.name, person.employee_number)
    return tuple(kept_name(names, each) for each in known if each is not None and each in names)


def _set(
    uow: UnitOfWork,
    person_id: PersonId,
    kind: CredentialKind,
    hashed: str,
    how: How = How.PASSWORD,
) -> None:
    """Keep a credential that the person has set, and record that they did, and how they were known."""
    credentials.set_credential(uow, person_id, kind, hashed)
    by = Actor(id=person_id, how=how)
    record(uow, CredentialSet(person_id=person_id, kind=kind), stream=PLANT_STREAM, actor=by)


def _note_locked(
    uow: UnitOfWork, person: PersonRecord | None, kind: CredentialKind, subject: str
) -> None:
    """Record that a credential is locked now, once; nothing of one that was taken away, because there is none.

    It is asked of a name that nobody has, too, so that it takes as long.
    """
    known = _known(uow, person, kind)
    is_set = known is not None and known.state is CredentialState.SET
    if known is not None and is_set and credentials.is_locked(uow, subject):
        fact = CredentialLocked(person_id=PersonId(known.person_id), kind=kind)
        record(uow, fact, stream=PLANT_STREAM, actor=AGENT)
