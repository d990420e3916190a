"""People, grants, screens and tokens as tests need them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from redrabbit.domain.facts.fact import Json
from redrabbit.domain.facts.person import PersonKind, PersonRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.facts.station_screen import StationScreenRecord
from redrabbit.domain.facts.token import Scope, TokenRecord
from redrabbit.domain.identity import (
    GrantId,
    How,
    PersonId,
    PlantLetter,
    ScreenId,
    TokenId,
    numbered_in_plant,
)
from redrabbit.domain.role import Role

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def after(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def person_id(number: int) -> PersonId:
    return PersonId(numbered_in_plant(PlantLetter.PERSON, number))


def person(number: int, **changed: Any) -> PersonRecord:
    """Return a person who was registered long ago."""
    return replace(
        PersonRecord(
            person_id=person_id(number),
            stream="plant",
            number=number,
            name=f"name:{number}",
            earlier_names=None,
            language=None,
            employee_number=None,
            kind=PersonKind.PERSON,
            expires_at=None,
            last_way=0,
            registered_at=after(-1000),
            registered_by="agent",
            registered_how=How.SYSTEM,
            registered_entry=0,
            disabled_at=None,
            disabled_by=None,
            disabled_how=None,
            disabled_entry=None,
        ),
        **changed,
    )


def grant(number: int, holder: int, role: Role, **changed: Any) -> RoleGrantRecord:
    """Return a grant on all lines, for ever, to the person of a number."""
    return replace(
        RoleGrantRecord(
            grant_id=GrantId(numbered_in_plant(PlantLetter.GRANT, number)),
            stream="plant",
            number=number,
            person_id=person_id(holder),
            role=role,
            line=None,
            from_at=after(-1000),
            until_at=None,
            deputy_for=None,
            granted_at=after(-1000),
            granted_by="agent",
            granted_how=How.SYSTEM,
            granted_entry=0,
            revoked_at=None,
            revoked_by=None,
            revoked_how=None,
            revoked_entry=None,
        ),
        **changed,
    )


def token(owner: int, *scopes: Scope, **changed: Any) -> TokenRecord:
    """Return a token for all lines, for a day more."""
    return replace(
        TokenRecord(
            token_id=TokenId("t-0001"),
            stream="plant",
            number=1,
            name="MES",
            person_id=person_id(owner),
            scopes=Json("[" + ",".join(f'"{scope}"' for scope in scopes) + "]"),
            line=None,
            expires_at=after(24),
            issued_at=after(-1),
            issued_by="p-0001",
            issued_how=How.PASSWORD,
            issued_entry=0,
            revoked_at=None,
            revoked_by=None,
            revoked_how=None,
            revoked_entry=None,
        ),
        **changed,
    )


def screen(station: str, **changed: Any) -> StationScreenRecord:
    """Return an enrolled screen of a station."""
    return replace(
        StationScreenRecord(
            screen_id=ScreenId("s-0001"),
            stream="plant",
            number=1,
            station=station,
            name="tablet",
            enrolled_at=after(-1),
            enrolled_by="p-0001",
            enrolled_how=How.PASSWORD,
            enrolled_entry=0,
            revoked_at=None,
            revoked_by=None,
            revoked_how=None,
            revoked_entry=None,
        ),
        **changed,
    )
