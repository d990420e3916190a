"""Folds of what concerns plant, obligations, containments and alarms: each says what it changes."""

from dataclasses import replace

from redrabbit.domain.folding import Changes, Look, Put, changed, found, made, number, part_of, text
from redrabbit.domain.ledger import Entry, canonical_text
from redrabbit.domain.records import (
    AgentRecord,
    AlarmRecord,
    ChallengePartRecord,
    CheckRecord,
    ConfigurationRecord,
    ContainmentRecord,
    Json,
    OccurrenceRecord,
    PauseRecord,
    StationRecord,
)


def configuration_adopted(entry: Entry, look: Look) -> Changes:
    """Keep the configuration with its full content (D14)."""
    del look
    content = Json(canonical_text(entry.payload["files"]))
    return (Put(made(ConfigurationRecord, entry, adopted_at=entry.occurred_at, content=content)),)


def agent_started(entry: Entry, look: Look) -> Changes:
    """Begin one life of the process that watches."""
    del look
    return (Put(made(AgentRecord, entry, started_at=entry.occurred_at, stopped_at=None)),)


def agent_stopped(entry: Entry, look: Look) -> Changes:
    """End it in good order; after a crash there is no such entry."""
    agent = found(look, AgentRecord, number(entry, "agent_id"))
    return (Put(replace(agent, stopped_at=entry.occurred_at)),)


def station_adopted(entry: Entry, look: Look) -> Changes:
    """Know the station; until it is read for the first time it is without data."""
    known = look(StationRecord, text(entry, "station_id"))
    if known is not None:
        return (Put(replace(known, line=text(entry, "line"))),)
    new = made(
        StationRecord,
        entry,
        no_data_since=entry.occurred_at,
        reason="not_yet_read",
        changed_at=entry.occurred_at,
    )
    return (Put(new),)


def station_lost(entry: Entry, look: Look) -> Changes:
    """Mark the station as without data, and since when (R17)."""
    station = found(look, StationRecord, text(entry, "station_id"))
    lost = changed(station, entry, "no_data_since", "reason", changed_at=entry.occurred_at)
    return (Put(lost),)


def station_restored(entry: Entry, look: Look) -> Changes:
    """Mark the station as read again."""
    station = found(look, StationRecord, text(entry, "station_id"))
    return (Put(replace(station, no_data_since=None, reason=None, changed_at=entry.occurred_at)),)


def check_adopted(entry: Entry, look: Look) -> Changes:
    """Adopt a check; a new or changed schedule starts from here, an unchanged one goes on."""
    known = look(CheckRecord, text(entry, "check_id"))
    same = known is not None and known.schedule == entry.payload["schedule"]
    if known is not None and same and known.retired_at is None:
        adopted_at, scheduled_until = known.adopted_at, known.scheduled_until
    else:
        adopted_at = scheduled_until = entry.occurred_at
    adopted = made(
        CheckRecord,
        entry,
        adopted_at=adopted_at,
        scheduled_until=scheduled_until,
        retired_at=None,
    )
    return (Put(adopted),)


def check_retired(entry: Entry, look: Look) -> Changes:
    """Retire a check that the plan no longer has; nothing is deleted (D14)."""
    check = found(look, CheckRecord, text(entry, "check_id"))
    return (Put(replace(check, retired_at=entry.occurred_at)),)


def part_registered(entry: Entry, look: Look) -> Changes:
    """Register a part, or adopt what changed about it; its custody and uses stay."""
    known = look(ChallengePartRecord, text(entry, "part_id"))
    names = ("name", "category", "failure_mode", "storage", "valid_until", "wear_limit_uses")
    if known is not None:
        return (Put(changed(known, entry, *names, "state", "state_reason")),)
    new = made(
        ChallengePartRecord,
        entry,
        custody="stored",
        custody_at=entry.occurred_at,
        run_id=None,
        uses=0,
    )
    return (Put(new),)


def part_state_changed(entry: Entry, look: Look) -> Changes:
    """Release, quarantine or retire a part."""
    return (Put(changed(part_of(entry, look), entry, "state", "state_reason")),)


def part_missing(entry: Entry, look: Look) -> Changes:
    """Mark a part as missing (L5)."""
    part = part_of(entry, look)
    return (Put(replace(part, custody="missing", custody_at=entry.occurred_at)),)


def part_found(entry: Entry, look: Look) -> Changes:
    """Mark a missing part as back in its place."""
    part = part_of(entry, look)
    return (Put(replace(part, custody="stored", custody_at=entry.occurred_at, run_id=None)),)


def occurrence_of(entry: Entry, look: Look) -> OccurrenceRecord:
    """Return the occurrence that the entry speaks of."""
    return found(look, OccurrenceRecord, number(entry, "occurrence_id"))


def occurrence_made(entry: Entry, look: Look) -> Changes:
    """Make the occurrence with its frozen times (D9)."""
    fresh = made(
        OccurrenceRecord,
        entry,
        made_at=entry.recorded_at,
        outcome=None,
        decided_at=None,
        decided_by=None,
        reason=None,
        run_id=None,
        held_until=None,
        inconclusive_runs=0,
        overdue_told=False,
    )
    check = found(look, CheckRecord, fresh.check_id)
    until = max(check.scheduled_until, fresh.due_at)
    return (Put(fresh), Put(replace(check, scheduled_until=until)))


def occurrence_overdue(entry: Entry, look: Look) -> Changes:
    """Note that its being overdue was told."""
    return (Put(replace(occurrence_of(entry, look), overdue_told=True)),)


def occurrence_decided(entry: Entry, look: Look) -> Changes:
    """Decide it for good: passed, failed, lapsed or excused (L7)."""
    occurrence = occurrence_of(entry, look)
    decided = changed(
        occurrence,
        entry,
        "outcome",
        "reason",
        decided_at=entry.occurred_at,
        decided_by=entry.actor.name,
        held_until=None,
    )
    return (Put(decided),)


def pause_declared(entry: Entry, look: Look) -> Changes:
    """Declare a line not producing (R13)."""
    del look
    return (Put(made(PauseRecord, entry, author=entry.actor.name, ended_by=None)),)


def pause_ended(entry: Entry, look: Look) -> Changes:
    """End the pause now."""
    pause = found(look, PauseRecord, number(entry, "pause_id"))
    return (Put(replace(pause, ends_at=entry.occurred_at, ended_by=entry.actor.name)),)


def containment_of(entry: Entry, look: Look) -> ContainmentRecord:
    """Return the containment that the entry speaks of."""
    return found(look, ContainmentRecord, number(entry, "containment_id"))


def containment_opened(entry: Entry, look: Look) -> Changes:
    """Open the case with its suspect window (L4)."""
    del look
    opened = made(
        ContainmentRecord,
        entry,
        state="open",
        opened_at=entry.occurred_at,
        stopped_at=None,
        stopped_by=None,
        reverified_by_run=None,
        closed_at=None,
    )
    return (Put(opened),)


def containment_stopped(entry: Entry, look: Look) -> Changes:
    """Close the suspect window at the recorded stop (D5)."""
    stopped = changed(
        containment_of(entry, look),
        entry,
        "counter_to",
        "quantity",
        "quantity_is_lower_bound",
        stopped_at=entry.occurred_at,
        stopped_by=entry.actor.name,
    )
    return (Put(stopped),)


def reaction_changed(entry: Entry, look: Look) -> Changes:
    """Keep the ticked reaction steps (R24)."""
    return (Put(changed(containment_of(entry, look), entry, "reaction")),)


def containment_reverified(entry: Entry, look: Look) -> Changes:
    """Note the passing re-verification."""
    reverified = replace(
        containment_of(entry, look),
        state="reverified",
        reverified_by_run=number(entry, "run_id"),
    )
    return (Put(reverified),)


def containment_closed(entry: Entry, look: Look) -> Changes:
    """Close the case."""
    closed = replace(containment_of(entry, look), state="closed", closed_at=entry.occurred_at)
    return (Put(closed),)


def alarm_raised(entry: Entry, look: Look) -> Changes:
    """Raise an alarm."""
    del look
    raised = made(
        AlarmRecord,
        entry,
        raised_at=entry.occurred_at,
        acknowledged_at=None,
        acknowledged_by=None,
    )
    return (Put(raised),)


def alarm_acknowledged(entry: Entry, look: Look) -> Changes:
    """Acknowledge it; it stays on record (B21)."""
    alarm = found(look, AlarmRecord, number(entry, "alarm_id"))
    return (
        Put(replace(alarm, acknowledged_at=entry.occurred_at, acknowledged_by=entry.actor.name)),
    )


def noted(entry: Entry, look: Look) -> Changes:
    """Fold an entry that changes no record: it stands in the ledger only."""
    del entry, look
    return ()
