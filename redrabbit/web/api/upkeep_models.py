"""The forms of the API about the service itself: alive, ready, being opened."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from redrabbit.services.errors import TroubleWhy
from redrabbit.services.opening_progress import Opening
from redrabbit.web.api.ledger_models import Verification
from redrabbit.web.api.problems import Answers
from redrabbit.web.opening import HealthStatus


class Health(BaseModel):
    """The process answers."""

    status: HealthStatus
    version: str


class NotRecordingStation(BaseModel):
    """A station of which nothing is recorded at the moment: its database is away, or locked."""

    station: str = Field(examples=["op20"])
    since: datetime


class StationRead(BaseModel):
    """When a station was read last."""

    station: str = Field(examples=["op20"])
    last_reading_at: datetime | None = Field(description="null: not since the service started.")


class ObligationsBehind(BaseModel):
    """Obligations that came due while nobody looked, and are being recorded now."""

    since: datetime = Field(description="What was due before is on record.")
    until: datetime = Field(description="What was due from then on is not due yet.")


class ClockInDoubt(BaseModel):
    """The clock was set by more than five minutes, and nobody has confirmed it."""

    doubt: int = Field(description="The entry that tells it; who confirms the clock names it.")
    stepped_at: datetime = Field(description="What the clock said until then.")
    set_to_at: datetime = Field(
        description="What it said right after. Lapses dated between the two wait; nothing else does."
    )


class Readiness(BaseModel):
    """Whether the plant is being watched, and what is seen is recorded."""

    ready: bool
    not_watching_since: datetime | None
    not_recording_since: datetime | None = Field(
        description="When something was recorded last, where that is more than 5 s ago; else null."
    )
    not_recording_why: TroubleWhy | None = Field(
        description="Why nothing is recorded, as far as is known; the log has the words."
    )
    last_reading_at: datetime | None
    stations: list[StationRead] = Field(
        description="Every station; readiness waits for none of them."
    )
    not_recording: list[NotRecordingStation] = Field(
        description="Stations of which something could not be recorded yet; longest first."
    )
    catching_up: ObligationsBehind | None = Field(
        description="What is being made and lapsed that was due while nobody looked; readiness does not wait for it."
    )
    clock_in_doubt: ClockInDoubt | None = Field(
        description="The last step of the machine's clock, while it is in doubt; readiness does not wait for it."
    )
    verification: Verification = Field(
        description="How far the database is verified; nothing here waits for it."
    )


class OpeningStep(BaseModel):
    """How far the database is opened."""

    step: Opening
    done: int
    of: int | None
    percent: int | None


class NotOpened(BaseModel):
    """The database is being opened, and nobody watches yet."""

    ready: bool
    status: str = Field(examples=["opening, 43 %"])
    opening: OpeningStep


NOT_READY: Final[Answers] = {
    503: {
        "model": Readiness | NotOpened,
        "description": (
            "Nobody watches, or something can't be recorded; the database is being opened; or, as a "
            "problem, the records can't be reached."
        ),
    }
}
