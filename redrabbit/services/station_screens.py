"""Screens of stations: enrolled once, revoked (B28)."""

from redrabbit.domain.beside import ScreenSecret
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.station_screen import StationScreenEnrolled, StationScreenRevoked
from redrabbit.domain.identity import Actor, ScreenId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_acts import EnrolScreen
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import StationScreenRecord
from redrabbit.domain.text import MOST_NAME_CHARACTERS, TextProblem, clean_text
from redrabbit.services.plant_numbers import next_in_plant
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def enrol(
    uow: UnitOfWork, plant: Plant, asked: EnrolScreen, *, actor: Actor
) -> StationScreenRecord:
    """Let a screen be a station's own; the digest of its secret comes from who made that."""
    if asked.station not in {known.id for known in plant.stations}:
        raise Refusal("no_such_station", station=asked.station)
    screen_id = ScreenId(next_in_plant(uow, StationScreenRecord))
    enrolled = StationScreenEnrolled(
        screen_id=screen_id, station=asked.station, name=called(asked.name)
    )
    record(uow, enrolled, stream=PLANT_STREAM, actor=actor)
    if asked.secret_digest is not None:
        uow.keep_row(ScreenSecret(digest=asked.secret_digest, screen_id=screen_id, made_at=uow.now))
    return recorded(uow, StationScreenRecord, screen_id)


def revoke(
    uow: UnitOfWork, screen_id: ScreenId, *, station: StationId, actor: Actor
) -> StationScreenRecord:
    """Let a screen be no station's any more; refused where it is not this station's."""
    known = uow.get(StationScreenRecord, screen_id)
    if known is None or known.revoked_at is not None or known.station != station:
        raise Refusal("no_such_screen", screen=screen_id)
    record(uow, StationScreenRevoked(screen_id=screen_id), stream=PLANT_STREAM, actor=actor)
    uow.forget_rows(ScreenSecret, screen_id=screen_id)
    return recorded(uow, StationScreenRecord, screen_id)


def called(name: str) -> str:
    """Return what a screen or token is called; Refusal for what can't be shown (D24)."""
    words = clean_text(name, MOST_NAME_CHARACTERS)
    if isinstance(words, TextProblem):
        raise Refusal(words.code, **words.params)
    return words
