"""What programs send: each names who acts, as stated and not authenticated (D19, R19)."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from redrabbit.domain.identity import Actor
from redrabbit.web.api.models import Model, RecordNumber

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    Field(description="Badge number or name, as stated.", examples=["badge 2207"]),
]
Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    Field(description="What the scanner read.", examples=["RR-0007"]),
]
Reason = Annotated[str, Field(max_length=500, examples=["fixture busy"])]


class Act(Model):
    """An act of a person."""

    operator: Name

    @property
    def actor(self) -> Actor:
        """The person, as stated."""
        return Actor.stated(self.operator)


class StartRun(Act):
    """Start a run: for an occurrence, to re-verify after a miss, or on demand."""

    check: str = Field(max_length=200, examples=["op20-torque"])
    occurrence: RecordNumber | None = None
    containment: RecordNumber | None = None


class Scan(Act):
    """A part's label was scanned."""

    code: Code


class WithReason(Act):
    """An act that needs a reason."""

    reason: Reason


class NewExcuse(WithReason):
    """Excuse an occurrence."""

    occurrence: RecordNumber


class NewPause(WithReason):
    """Declare a line not producing."""

    line: str = Field(max_length=200, examples=["line1"])
    begins_at: AwareDatetime
    ends_at: AwareDatetime


class Tick(Act):
    """Tick one step of a reaction."""

    step: int = Field(ge=0, le=1000, description="Counted from 0.")
