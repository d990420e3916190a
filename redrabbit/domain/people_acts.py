"""What people ask about people (R19, D65): acts like all others, by the same door and table.

A name and an employee number come as the id that stands for them, and a badge as its keyed digest: acts are
kept with their answers, and what is kept must be erasable (D51).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.acts import Act
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import (
    AlarmId,
    BadgeId,
    GrantId,
    LineId,
    PersonId,
    QualificationId,
    ScreenId,
    StationId,
    TokenId,
)
from redrabbit.domain.records import (
    AlarmRecord,
    BadgeRecord,
    CredentialRecord,
    PersonRecord,
    QualificationRecord,
    RoleGrantRecord,
    StationScreenRecord,
    TokenRecord,
)
from redrabbit.domain.role import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPerson(Act[PersonRecord]):
    """Make somebody known to the plant; no rights come with it."""

    KIND: ClassVar = "register_person"

    name: str
    """The id of their stated name."""
    language: PersonLanguage | None
    employee_number: str | None
    """The id that stands for it."""
    kind: PersonKind
    expires_at: datetime | None
    same_name: bool = False
    """Whoever asks knows that another person has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerson(Act[PersonRecord]):
    """Tell anew, and as a whole, what is told of a person."""

    KIND: ClassVar = "change_person"

    person_id: PersonId
    name: str
    language: PersonLanguage | None
    employee_number: str | None
    kind: PersonKind
    expires_at: datetime | None
    same_name: bool = False
    """Whoever asks knows that another person has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisablePerson(Act[PersonRecord]):
    """Take all rights of a person away, until they are enabled again."""

    KIND: ClassVar = "disable_person"

    person_id: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePerson(Act[PersonRecord]):
    """Let a person who was disabled have the rights of their grants again."""

    KIND: ClassVar = "enable_person"

    person_id: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole(Act[RoleGrantRecord]):
    """Give somebody else a role, on one line or on all."""

    KIND: ClassVar = "grant_role"

    person_id: PersonId
    role: Role
    line: LineId | None
    """None: all lines, and what belongs to none."""
    from_at: datetime | None = None
    """None: now."""
    until_at: datetime | None = None
    """Up to, not including; None: no end."""
    deputy_for: PersonId | None = None
    """Whose deputy they are meanwhile; then it has an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole(Act[RoleGrantRecord]):
    """End a grant, for good."""

    KIND: ClassVar = "revoke_role"

    person_id: PersonId
    """Who has it."""
    grant_id: GrantId


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueBadge(Act[BadgeRecord]):
    """Let a badge stand for a person; one that was taught in stands for good from now on."""

    KIND: ClassVar = "issue_badge"

    badge_id: BadgeId
    person_id: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeBadge(Act[BadgeRecord]):
    """Let a badge stand for nobody."""

    KIND: ClassVar = "revoke_badge"

    person_id: PersonId
    """For whom it stands."""
    badge_id: BadgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachInBadge(Act[BadgeRecord]):
    """Let an unknown badge stand for somebody for a day: of a known person, or of a new one (D45)."""

    KIND: ClassVar = "teach_in_badge"

    badge_id: BadgeId
    station: StationId
    """Where it is taught in: a new person is an operator on its line, for that day."""
    person_id: PersonId | None = None
    """None: somebody who is not registered yet."""
    name: str | None = None
    """The id of the new person's stated name."""
    same_name: bool = False
    """Whoever asks knows that another person has the new one's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQualification(Act[QualificationRecord]):
    """Say that somebody else was trained for one of: a station, a device, a check."""

    KIND: ClassVar = "record_qualification"

    person_id: PersonId
    station: str | None = None
    device: str | None = None
    check_id: str | None = None
    valid_until: datetime | None = None
    """Up to, not including; None: no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawQualification(Act[QualificationRecord]):
    """Say that a qualification counts no longer."""

    KIND: ClassVar = "withdraw_qualification"

    person_id: PersonId
    """Whose it is."""
    qualification_id: QualificationId


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetCredential(Act[CredentialRecord]):
    """Take somebody's password or PIN away, so that they set a new one."""

    KIND: ClassVar = "reset_credential"

    person_id: PersonId
    kind: CredentialKind


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockCredential(Act[CredentialRecord]):
    """Let a password or PIN be tried again that was locked after too many failures."""

    KIND: ClassVar = "unlock_credential"

    person_id: PersonId
    kind: CredentialKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolScreen(Act[StationScreenRecord]):
    """Let a tablet or terminal be a station's own."""

    KIND: ClassVar = "enrol_screen"
    NEW_EACH_TIME: ClassVar = frozenset({"secret_digest"})

    station: StationId
    name: str
    """What people call it."""
    secret_digest: str | None = None
    """Of the random secret that it is to show (`redrabbit.domain.beside.digest_of`); None: none is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeScreen(Act[StationScreenRecord]):
    """Let a screen be no station's any more."""

    KIND: ClassVar = "revoke_screen"

    station: StationId
    """Whose it is."""
    screen_id: ScreenId


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken(Act[TokenRecord]):
    """Give a program a token to act with, on its owner's behalf."""

    KIND: ClassVar = "issue_token"
    NEW_EACH_TIME: ClassVar = frozenset({"secret_digest"})

    name: str
    """What it is for."""
    person_id: PersonId
    """Its owner."""
    scopes: tuple[Scope, ...]
    line: LineId | None
    """None: all lines."""
    expires_at: datetime
    secret_digest: str | None = None
    """Of the random secret that the program is to show (`redrabbit.domain.beside.digest_of`); None: none is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken(Act[TokenRecord]):
    """Let a token be worth nothing."""

    KIND: ClassVar = "revoke_token"

    token_id: TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAdministrator(Act[AlarmRecord]):
    """Take the alarm that somebody was made administrator at the server."""

    KIND: ClassVar = "acknowledge_administrator"

    alarm_id: AlarmId


ActOnPeople = (
    RegisterPerson
    | ChangePerson
    | DisablePerson
    | EnablePerson
    | GrantRole
    | RevokeRole
    | IssueBadge
    | RevokeBadge
    | TeachInBadge
    | RecordQualification
    | WithdrawQualification
    | ResetCredential
    | UnlockCredential
    | EnrolScreen
    | RevokeScreen
    | IssueToken
    | RevokeToken
    | AcknowledgeAdministrator
)
"""Acts about people and what stands for them: never done in a name that was only stated."""

PEOPLE_ACTS: tuple[type[Act[Record]], ...] = (
    RegisterPerson,
    ChangePerson,
    DisablePerson,
    EnablePerson,
    GrantRole,
    RevokeRole,
    IssueBadge,
    RevokeBadge,
    TeachInBadge,
    RecordQualification,
    WithdrawQualification,
    ResetCredential,
    UnlockCredential,
    EnrolScreen,
    RevokeScreen,
    IssueToken,
    RevokeToken,
    AcknowledgeAdministrator,
)
"""Every one of them."""
