"""`redrabbit overdue`: what is overdue now, and what lapsed and was not verified since, computed beside a running service or without one.

Writes nothing (D20). It reads the plant in force, and neither the service nor what verifies.
"""

import json
from datetime import datetime, tzinfo

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import wall_now
from redrabbit.base.messages import zoned
from redrabbit.base.printable import complain, put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.ledger import instant_text
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import AgentRecord
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.services.overdue import (
    SILENT_AFTER,
    Lapsed,
    Overdue,
    lapsed_checks,
    overdue_occurrences,
)
from redrabbit.services.ports import Reader
from redrabbit.store.reading_database import open_for_reading


def print_overdue(database_url: str, *, as_json: bool) -> int:
    """List what is overdue now, and the checks that lapsed and have not passed since; 1 if there is any.

    Obligations are computed, not read from a list that somebody must have kept: they are right
    when the service has been down for days (D9, R12).
    """

    def work() -> int:
        now = wall_now()
        with open_for_reading(database_url) as database:
            plant = database.read_now(plant_in_force)
            found = database.read_now(lambda reader: overdue_occurrences(reader, plant, now))
            lapsed = database.read_now(lambda reader: lapsed_checks(reader, plant, now))
            beat = database.read_now(lambda reader: reader.heartbeats()).get("agent")
            ended = database.read_now(_ended_at)
        if ended is not None or beat is None or now - beat > SILENT_AFTER:
            complain(_silence(ended, beat, plant.zone))
        if as_json:
            told = [_plain(each) for each in found] + [_plain_lapsed(each) for each in lapsed]
            put_out(json.dumps(told))
        else:
            words = [_words(each, now, plant.zone) for each in found]
            words += [_lapsed_words(each, plant.zone) for each in lapsed]
            put_out(*(words or [sentence("nothing is overdue")]))
        return FOUND if found or lapsed else 0

    return exit_code_of(work, ValueError)


def _silence(ended: datetime | None, beat: datetime | None, zone: tzinfo) -> Sentence:
    """Return since when nobody watches, or nothing is recorded: from outside the two look alike."""
    if ended is not None:
        return sentence(
            "monitoring stopped at {at}: the service does not run", at=zoned(ended, zone)
        )
    if beat is None:
        return sentence("monitoring never began: the service does not run")
    return sentence(
        "nothing is recorded since {at}: the service does not run, or it can't record; then its pages, its log and "
        "/ready say why",
        at=zoned(beat, zone),
    )


def _ended_at(reader: Reader) -> datetime | None:
    """Return when the last life of the agent ended in good order; None while it goes on."""
    life = latest(reader, AgentRecord, by="agent_id")
    return life.stopped_at if life is not None else None


def _plain(overdue: Overdue) -> dict[str, object]:
    return {
        "status": "overdue",
        "check_id": overdue.check_id,
        "line": overdue.line,
        "station": overdue.station,
        "device": overdue.device,
        "due_at": instant_text(overdue.due_at),
        "grace_ends_at": instant_text(overdue.grace_ends_at),
        "closes_at": instant_text(overdue.closes_at),
    }


def _plain_lapsed(lapsed: Lapsed) -> dict[str, object]:
    return {
        "status": "lapsed",
        "check_id": lapsed.check_id,
        "line": lapsed.line,
        "station": lapsed.station,
        "device": lapsed.device,
        "due_at": instant_text(lapsed.due_at),
        "closes_at": instant_text(lapsed.closed_at),
        "unwatched_s": lapsed.unwatched.lasted.total_seconds(),
    }


def _lapsed_words(lapsed: Lapsed, zone: tzinfo) -> Sentence:
    closed_at, due_at = zoned(lapsed.closed_at, zone), zoned(lapsed.due_at, zone)
    if lapsed.unwatched.lasted:
        return sentence(
            "{check} · {line} {station} · lapsed {closed_at}, was due {due_at}, no monitoring for {percent} % of that time · "
            "not verified since",
            check=lapsed.check_id,
            line=lapsed.line,
            station=lapsed.station,
            closed_at=closed_at,
            due_at=due_at,
            percent=lapsed.unwatched.percent,
        )
    return sentence(
        "{check} · {line} {station} · lapsed {closed_at}, was due {due_at} · not verified since",
        check=lapsed.check_id,
        line=lapsed.line,
        station=lapsed.station,
        closed_at=closed_at,
        due_at=due_at,
    )


def _words(overdue: Overdue, now: datetime, zone: tzinfo) -> Sentence:
    late_s = (now - overdue.due_at).total_seconds()
    late = (
        sentence("{n} min", n=round(late_s / 60))
        if late_s >= 120  # noqa: PLR2004  because minutes read better from two on
        else sentence("{n} s", n=round(late_s))
    )
    return sentence(
        "{check} · {line} {station} · was due {late} ago, {due_at} · lapses {closes_at}",
        check=overdue.check_id,
        line=overdue.line,
        station=overdue.station,
        late=late,
        due_at=zoned(overdue.due_at, zone),
        closes_at=zoned(overdue.closes_at, zone),
    )
