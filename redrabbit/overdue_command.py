"""`redrabbit overdue`: what is overdue now, computed beside a running service or without one.

Writes nothing (D20). It reads the plant in force, and neither the service nor what verifies.
"""

import json
from datetime import datetime, timedelta

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import wall_now
from redrabbit.base.printable import complain, put_out
from redrabbit.domain.ledger import instant_text
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import AgentRecord
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.services.ports import Reader
from redrabbit.services.scheduling import Overdue, overdue_occurrences
from redrabbit.store.reading_database import open_for_reading

AGENT_SILENT_S = 10.0
"""A heartbeat older than this: nobody is watching, and the list says so (B20)."""


def print_overdue(database_url: str, *, as_json: bool) -> int:
    """List what is overdue now; 1 if anything is.

    Obligations are computed, not read from a list that somebody must have kept: they are right
    when the service has been down for days (D9, R12).
    """

    def work() -> int:
        now = wall_now()
        with open_for_reading(database_url) as database:
            found = database.read_now(lambda r: overdue_occurrences(r, plant_in_force(r), now))
            beat = database.read_now(lambda reader: reader.heartbeats()).get("agent")
            ended = database.read_now(_ended_at)
        if ended is not None or beat is None or now - beat > timedelta(seconds=AGENT_SILENT_S):
            complain(_silence(ended, beat))
        if as_json:
            put_out(json.dumps([_plain(each) for each in found]))
        else:
            put_out(*([_words(each, now) for each in found] or ["nothing is overdue"]))
        return FOUND if found else 0

    return exit_code_of(work, ValueError)


def _silence(ended: datetime | None, beat: datetime | None) -> str:
    """Return since when nobody watches, or nothing is recorded: from outside the two look alike."""
    if ended is not None:
        return f"not watching since {ended:%Y-%m-%d %H:%M:%S} UTC: the service does not run"
    if beat is None:
        return "never watched: the service does not run"
    return (
        f"nothing is recorded since {beat:%Y-%m-%d %H:%M:%S} UTC: the service does not run, or it can't record; "
        "then its pages, its log and /ready say why"
    )


def _ended_at(reader: Reader) -> datetime | None:
    """Return when the last life of the agent ended in good order; None while it goes on."""
    life = latest(reader, AgentRecord, by="agent_id")
    return life.stopped_at if life is not None else None


def _plain(overdue: Overdue) -> dict[str, object]:
    return {
        "check_id": overdue.check_id,
        "line": overdue.line,
        "station": overdue.station,
        "device": overdue.device,
        "due_at": instant_text(overdue.due_at),
        "grace_ends_at": instant_text(overdue.grace_ends_at),
        "closes_at": instant_text(overdue.closes_at),
    }


def _words(overdue: Overdue, now: datetime) -> str:
    late_s = (now - overdue.due_at).total_seconds()
    late = f"{late_s / 60:.0f} min" if late_s >= 120 else f"{late_s:.0f} s"  # noqa: PLR2004  because minutes read better from two on
    return (
        f"{overdue.check_id} · {overdue.line} {overdue.station} · was due {late} ago, "
        f"{overdue.due_at:%Y-%m-%d %H:%M:%S} UTC · lapses {overdue.closes_at:%H:%M:%S} UTC"
    )
