"""Folds of what happens in a run: part, presentation, verdict and return."""

from dataclasses import replace

from redrabbit.domain.folding import (
    Changes,
    Look,
    Put,
    changed,
    found,
    made,
    number,
    part_of,
    presentation_of,
    run_of,
    text,
)
from redrabbit.domain.ledger import Entry
from redrabbit.domain.records import (
    ChallengePartRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)


def run_started(entry: Entry, look: Look) -> Changes:
    """Start a run; it holds its occurrence until its own timeout (D9)."""
    started = made(
        RunRecord,
        entry,
        plan=entry.plan,
        configuration=entry.configuration,
        state="awaiting_part",
        outcome=None,
        reason=None,
        step=0,
        operator=entry.actor.name,
        identified=entry.actor.identified.value,
        started_at=entry.occurred_at,
        ended_at=None,
        confirmed_by=None,
        confirmed_at=None,
        entry=entry.index,
    )
    if started.occurrence_id is None:
        return (Put(started),)
    occurrence = found(look, OccurrenceRecord, started.occurrence_id)
    held = replace(occurrence, run_id=started.run_id, held_until=started.expires_at)
    return (Put(started), Put(held))


def part_issued(entry: Entry, look: Look) -> Changes:
    """Give the part out: one use more, in the operator's hands."""
    run = run_of(entry, look)
    part = part_of(entry, look)
    presentation = made(
        PresentationRecord,
        entry,
        attempt=1,
        line=run.line,
        station=run.station,
        device=run.device,
        issued_at=entry.occurred_at,
        issued_by=entry.actor.name,
        presented_at=None,
        presented_how=None,
        verdict=None,
        verdict_reason=None,
        verdict_at=None,
        elapsed_s=None,
        observed_code=None,
        measured=None,
        counter=None,
        evidence=None,
        given_back_at=None,
        given_back_by=None,
        decides=True,
        entry=entry.index,
    )
    out = replace(
        part,
        custody="issued",
        custody_at=entry.occurred_at,
        run_id=run.run_id,
        uses=presentation.use_number,
    )
    armed = changed(run, entry, "step", state="armed", entry=entry.index)
    return (Put(presentation), Put(out), Put(armed))


def scan_refused(entry: Entry, look: Look) -> Changes:
    """Note that a scan was refused; the entry tells which and why (B25)."""
    return (Put(replace(run_of(entry, look), entry=entry.index)),)


def part_presented(entry: Entry, look: Look) -> Changes:
    """Put the part before the device; a later attempt is kept beside (L10)."""
    run = run_of(entry, look)
    attempt = number(entry, "attempt")
    first = found(look, PresentationRecord, run.run_id, number(entry, "step"), 1)
    presented = replace(
        first,
        attempt=attempt,
        presented_at=entry.occurred_at,
        presented_how=text(entry, "presented_how"),
        entry=entry.index,
    )
    if attempt > 1:  # kept beside the first one, which decides (L10)
        bare = replace(
            presented,
            verdict=None,
            verdict_reason=None,
            verdict_at=None,
            elapsed_s=None,
            observed_code=None,
            measured=None,
            counter=None,
            evidence=None,
            decides=False,
        )
        return (Put(bare), Put(replace(run, entry=entry.index)))
    part = found(look, ChallengePartRecord, first.part_id)
    return (
        Put(presented),
        Put(replace(part, custody="presented", custody_at=entry.occurred_at)),
        Put(replace(run, state="presented", entry=entry.index)),
    )


def verdict_reached(entry: Entry, look: Look) -> Changes:
    """Keep the verdict with its evidence."""
    run = run_of(entry, look)
    judged = changed(
        presentation_of(entry, look),
        entry,
        "verdict",
        "verdict_reason",
        "elapsed_s",
        "observed_code",
        "measured",
        "counter",
        "evidence",
        verdict_at=entry.occurred_at,
        entry=entry.index,
    )
    state = "awaiting_return" if judged.decides else run.state
    return (Put(judged), Put(replace(run, state=state, entry=entry.index)))


def verdict_contradicted(entry: Entry, look: Look) -> Changes:
    """A correction: the first verdict stays in its own entry, the record shows what holds."""
    contradicted = replace(
        presentation_of(entry, look),
        verdict="inconclusive",
        verdict_reason="contradictory",
        entry=entry.index,
    )
    return (Put(contradicted), Put(replace(run_of(entry, look), entry=entry.index)))


def part_given_back(entry: Entry, look: Look) -> Changes:
    """Take the part back into its place."""
    run = run_of(entry, look)
    presentation = presentation_of(entry, look)
    part = found(look, ChallengePartRecord, presentation.part_id)
    return (
        Put(replace(presentation, given_back_at=entry.occurred_at, given_back_by=entry.actor.name)),
        Put(replace(part, custody="stored", custody_at=entry.occurred_at, run_id=None)),
        Put(changed(run, entry, "state", step=number(entry, "run_step"), entry=entry.index)),
    )


def run_stopped(entry: Entry, look: Look) -> Changes:
    """Let the run go no further than the part's return."""
    stopped = changed(run_of(entry, look), entry, "reason", entry=entry.index)
    return (Put(replace(stopped, state="awaiting_return")),)


def run_closed(entry: Entry, look: Look) -> Changes:
    """Close the run and free its occurrence, unless it was decided meanwhile."""
    run = run_of(entry, look)
    confirmed_by = entry.payload["confirmed_by"]
    closed = changed(
        run,
        entry,
        "outcome",
        "reason",
        "confirmed_by",
        state="closed",
        ended_at=entry.occurred_at,
        confirmed_at=entry.occurred_at if confirmed_by is not None else None,
        entry=entry.index,
    )
    if run.occurrence_id is None:
        return (Put(closed),)
    occurrence = found(look, OccurrenceRecord, run.occurrence_id)
    if occurrence.outcome is not None or occurrence.run_id != run.run_id:
        return (Put(closed),)
    more = 1 if closed.outcome == "inconclusive" else 0
    freed = replace(
        occurrence,
        run_id=None,
        held_until=None,
        inconclusive_runs=occurrence.inconclusive_runs + more,
    )
    return (Put(closed), Put(freed))
