"""Who asks: what a browser or a program shows, and the person, token or screen that it stands for (decision 0039).

One reading decides, at the time of the request: a session that was ended, a person who was disabled and a role that was taken away a moment
ago are gone. At an enrolled screen whoever is there by their badge comes before whoever has signed in, with whose session nothing is done there. As long as nobody is registered everybody is as before sign-in existed (D47).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from redrabbit.domain.beside import ScreenSecret, TokenSecret, digest_of
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.facts.station_screen import StationScreenRecord
from redrabbit.domain.facts.token import Scope, TokenRecord
from redrabbit.domain.identity import Actor, How, Standing, StationId
from redrabbit.domain.person_at_station import PersonAtStation
from redrabbit.domain.rights import is_active, roles_anywhere
from redrabbit.domain.role import Role
from redrabbit.domain.session import Session
from redrabbit.domain.token_rights import holds, reading_of_token
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.people import kept_name
from redrabbit.services.sessions import session_of

TOKEN_PREFIX: Final = "rrt_"  # noqa: S105  because it is what tokens begin with, so that scanners of secrets know them


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came with a request."""

    session: str | None = None
    """Secret of a session's cookie."""
    token: str | None = None
    """What stood behind `Bearer`."""
    screen: str | None = None
    """Secret of a station screen's cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, as far as that is known."""

    is_anybody: bool = False
    """Nobody is registered: whoever states a name acts, as before sign-in existed."""
    person: PersonRecord | None = None
    """Who is signed in, or owns the token."""
    name: str = ""
    roles: frozenset[Role] = frozenset()
    """What the person is anywhere in the plant, now; none for a token."""
    session: Session | None = None
    token: TokenRecord | None = None
    scopes: frozenset[Scope] = frozenset()
    """What the token is for, as far as its owner may that now."""
    screen: StationScreenRecord | None = None
    """The enrolled screen that is used."""
    there: PersonAtStation | None = None
    """Who has scanned their badge at its station; then they are the person."""
    named: str = ""
    """The name that somebody stated at the screen's station, and nobody verified; empty: there is none."""
    was_somebody: bool = False
    """A session or token was shown that no longer stands for anybody, or never did."""

    @property
    def actor(self) -> Actor | None:
        """As whom the asker acts; None for somebody who has to say first who they are."""
        if self.person is None:
            return None
        if self.token is not None:
            how, token = How.TOKEN, self.token.token_id
            return Actor(id=self.person.person_id, how=how, token=token)
        if self.session is not None:
            return Actor(
                id=self.person.person_id,
                how=self.session.how,
                station=self.station,
                standing=Standing(session=self.session.digest),
            )
        if self.there is not None and self.screen is not None:
            return self.there.actor(self.screen.station, self.screen.screen_id)
        return None

    @property
    def is_office_at_station(self) -> bool:
        """Whether somebody has signed in at a station's own screen: it acts for who is at the station, so nothing counts."""
        return self.session is not None and self.screen is not None

    @property
    def station(self) -> str | None:
        """Whose screen is used; None where it is no enrolled one."""
        return self.screen.station if self.screen is not None else None

    @property
    def is_known(self) -> bool:
        """Whether a person is signed in, or a program has shown its token."""
        return self.person is not None


NOTHING: Final = Shown()
ANYBODY: Final = Asker(is_anybody=True)


def anybody_registered(reader: Reader) -> bool:
    """Return whether there are people: from the first one on everybody is asked who they are."""
    return bool(reader.find(PersonRecord, limit=1))


There = Callable[[Reader, StationId], PersonAtStation | None]
"""Says who is at a station now."""
Named = Callable[[Reader, StationId], str]
"""Says which name somebody stated there; empty: none."""


def asker_of(reader: Reader, shown: Shown, now: datetime, there: There, named: Named) -> Asker:
    """Return who asks; a token counts alone, whatever cookies come with it."""
    if shown.token is not None:
        return _program(reader, shown.token, now)
    screen = _screen(reader, shown.screen) if shown.screen else None
    if screen is not None:
        at_station = there(reader, StationId(screen.station))
        person = reader.get(PersonRecord, at_station.person_id) if at_station else None
        if person is not None:
            return Asker(
                person=person,
                name=kept_name(reader.names(), person.name),
                roles=_roles(reader, person, now),
                screen=screen,
                there=at_station,
                was_somebody=shown.session is not None,
            )
    if shown.session is not None:
        session = session_of(reader, shown.session)
        person = _person(reader, session, now)
        if session is not None and person is not None:
            return Asker(
                person=person,
                name=kept_name(reader.names(), person.name),
                roles=_roles(reader, person, now),
                session=session,
                screen=screen,
            )
    return Asker(
        is_anybody=not anybody_registered(reader),
        screen=screen,
        named=named(reader, StationId(screen.station)) if screen is not None else "",
        was_somebody=shown.session is not None,
    )


def grants_of(reader: Reader, person: PersonRecord) -> list[RoleGrantRecord]:
    """Return all that was ever granted to a person."""
    return reader.find(RoleGrantRecord, equals("person_id", person.person_id))


def still(reader: Reader, asker: Asker, now: datetime, there: There, named: Named) -> Asker | None:
    """Return somebody who was let in before as they are now, with the roles and the screen that they have left.

    None where they are nobody any more, or somebody else is at the station.
    """
    if asker.is_anybody:
        return None if anybody_registered(reader) else asker
    if asker.token is not None:
        token = reader.get(TokenRecord, asker.token.token_id)
        owner = _owner(reader, token, now)
        if token is None or owner is None:
            return None
        return replace(asker, scopes=_scopes(reader, token, owner, now))
    screen = asker.screen and _in_use(reader.get(StationScreenRecord, asker.screen.screen_id))
    if asker.session is not None:
        person = _person(reader, reader.row(Session, asker.session.digest), now)
        if person is None or (screen and there(reader, StationId(screen.station)) is not None):
            return None
        return replace(asker, roles=_roles(reader, person, now), screen=screen)
    if asker.screen is None:
        return asker
    if screen is None or not _is_same(there(reader, StationId(screen.station)), asker.there):
        return None
    if named(reader, StationId(screen.station)) != asker.named:
        return None
    roles = _roles(reader, asker.person, now) if asker.person is not None else asker.roles
    return replace(asker, roles=roles)


def _is_same(here: PersonAtStation | None, was: PersonAtStation | None) -> bool:
    return (here and (here.person_id, here.how)) == (was and (was.person_id, was.how))


def _roles(reader: Reader, person: PersonRecord, now: datetime) -> frozenset[Role]:
    return roles_anywhere(person, grants_of(reader, person), now)


def token_text(token_id: str, secret: str) -> str:
    """Return a token as it is shown once to whoever made it."""
    return f"{TOKEN_PREFIX}{token_id}_{secret}"


def _person(reader: Reader, session: Session | None, now: datetime) -> PersonRecord | None:
    """Return the person of a session that is live and whose person has rights; None otherwise."""
    if session is None or not session.is_live(now):
        return None
    person = reader.get(PersonRecord, session.person_id)
    return person if person is not None and is_active(person, now) else None


def _program(reader: Reader, shown: str, now: datetime) -> Asker:
    nobody = Asker(was_somebody=True)
    token_id, _, secret = shown.removeprefix(TOKEN_PREFIX).partition("_")
    kept = reader.row(TokenSecret, token_id)
    if not shown.startswith(TOKEN_PREFIX) or kept is None or kept.digest != digest_of(secret):
        return nobody
    token = reader.get(TokenRecord, token_id)
    owner = _owner(reader, token, now)
    if token is None or owner is None:
        return nobody
    scopes = _scopes(reader, token, owner, now)
    return Asker(person=owner, name=token.name, token=token, scopes=scopes)


def _scopes(
    reader: Reader, token: TokenRecord, owner: PersonRecord, now: datetime
) -> frozenset[Scope]:
    return reading_of_token(token, owner, grants_of(reader, owner), now)


def _owner(reader: Reader, token: TokenRecord | None, now: datetime) -> PersonRecord | None:
    """Return whose token it is; None where it holds no more, or its owner has no rights."""
    owner = reader.get(PersonRecord, token.person_id) if token is not None else None
    if token is None or owner is None or not holds(token, owner, now):
        return None
    return owner


def _screen(reader: Reader, shown: str) -> StationScreenRecord | None:
    kept = reader.row(ScreenSecret, digest_of(shown))
    return _in_use(reader.get(StationScreenRecord, kept.screen_id)) if kept is not None else None


def _in_use(screen: StationScreenRecord | None) -> StationScreenRecord | None:
    """Return a screen; None where it was taken away."""
    return screen if screen is not None and screen.revoked_at is None else None
