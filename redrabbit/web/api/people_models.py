"""What programs read and send of people and tokens."""

from datetime import datetime

from pydantic import Field

from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.role import Role
from redrabbit.domain.way import WayKind
from redrabbit.services.queries.qualifications import QualifiedFor
from redrabbit.services.queries.registered_people import PersonState
from redrabbit.web.api.models import Model, Who, WhoHow
from redrabbit.web.api.values import Code, Id, Instant, Name


class Grant(Model):
    """A role of a person that holds, or will."""

    grant: str = Field(examples=["g-0007"])
    role: Role
    line: str | None = Field(description="null: all lines.")
    from_at: datetime
    until_at: datetime | None = Field(description="Up to, not including; null: no end.")
    badges_withdrawn: list[str] = Field(
        description="Badges that were taken away when it was granted, as whoever gave them may give none to somebody with this role; "
        "empty, too, once an administrator has given one anew."
    )


class KnownPerson(Model):
    """A registered person."""

    person: str = Field(examples=["p-0042"])
    name: str
    employee_number: str = Field(description="Empty: none is kept.")
    state: PersonState
    roles: list[Role] = Field(description="On any line, now.")
    expires_at: datetime | None
    language: PersonLanguage | None = Field(description="null: the plant's.")


class Way(Model):
    """One way to reach a person; its address is never shown again as a whole."""

    number: int = Field(examples=[1])
    kind: WayKind
    shown: str = Field(examples=["l…@plant.example"])
    set_at: datetime


class NewWay(Model):
    """A way to reach a person."""

    kind: WayKind
    address: str = Field(
        max_length=2000, description="A mail address, or an address as Apprise has it."
    )


class Badge(Model):
    """A badge that stands for a person."""

    badge: str = Field(description="What stands for its code, which is kept nowhere.")
    issued_at: datetime
    provisional_until: datetime | None = Field(
        description="Until when one that was taught in stands; null: for good."
    )


class Qualification(Model):
    """For what a person was trained."""

    qualification: str = Field(examples=["q-0007"])
    kind: QualifiedFor
    what: str = Field(description="The station, device or check.", examples=["op20"])
    valid_until: datetime | None = Field(description="Up to, not including; null: no end.")
    is_over: bool = Field(description="It has ended.")
    recorded_at: datetime
    recorded_by: Who
    recorded_how: WhoHow


class NewQualification(Model):
    """For what somebody was trained: one of station, device, check."""

    station: Id | None = None
    device: Id | None = None
    check_id: Id | None = None
    valid_until: Instant | None = Field(
        default=None, description="Up to, not including; null: no end."
    )


class KnownPersonWithGrants(KnownPerson):
    """A registered person with what they may, for what they are qualified, their badges, and how they are reached."""

    grants: list[Grant]
    badges: list[Badge]
    ways: list[Way]
    qualifications: list[Qualification] = Field(description="Those that were not withdrawn.")


class NewBadge(Model):
    """A badge to issue."""

    code: Code
    """As a scanner reads it; what it puts around it is taken off."""


class NewPerson(Model):
    """What is told of somebody; no right comes with it."""

    name: Name
    employee_number: Name | None = None
    language: PersonLanguage | None = None
    expires_at: Instant | None = Field(
        default=None, description="An auditor's is at most 90 days ahead."
    )
    same_name: bool = Field(
        default=False,
        description="It is known that another person has this name; else that is refused (same_name).",
    )


class NewGrant(Model):
    """A role to give."""

    role: Role
    line: Id | None = Field(default=None, description="null: all lines.")
    from_at: Instant | None = Field(default=None, description="null: now.")
    until_at: Instant | None = Field(default=None, description="null: no end.")
    deputy_for: Id | None = Field(default=None, description="Number of the person.")


class OneTimeLink(Model):
    """A link by which somebody sets a password."""

    link: str = Field(description="Shown once. It works once, for 24 hours.")


class Token(Model):
    """A token of a program."""

    token: str = Field(examples=["t-0001"])
    name: str
    owner: str = Field(examples=["p-0042"])
    scopes: list[Scope]
    line: str | None = Field(description="null: all lines.")
    expires_at: datetime
    holds: bool = Field(description="Neither it nor its owner's rights have ended.")


class NewToken(Model):
    """A token to issue."""

    name: Name
    owner: Id = Field(examples=["p-0042"])
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    line: Id | None = Field(default=None, description="null: all lines.")
    expires_at: Instant = Field(description="At most 400 days ahead.")


class IssuedToken(Model):
    """A token that was issued now."""

    token: str
    secret: str = Field(description="Shown once: `rrt_…`, to be sent as `Authorization: Bearer`.")
