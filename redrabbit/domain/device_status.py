"""The one status of a device, for board, API and metrics (R35, D10).

What is asked first wins: missed (not verified again since), failed, overdue, lapsed since the last
pass, no data, bypassed, inconclusive, due, excused (not producing), never verified, verified. A device
is judged check by check: a pass of one never covers what another left undone, and one that is run
again and again without a verdict is inconclusive (D4). What stands beside the status is
`redrabbit.domain.device_marks`' part. The services gather the facts; the page turns a standing into
its sentence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.identity import ContainmentId, OccurrenceId, RunId
from redrabbit.domain.occurrence import OccurrenceStatus, lapse_at, status
from redrabbit.domain.pauses import is_paused, waits_for_pause
from redrabbit.domain.records import ContainmentRecord, OccurrenceRecord, PauseRecord, RunRecord
from redrabbit.domain.run_words import AGAIN_WITHOUT_VERDICT


class DeviceStatus(StrEnum):
    """The words of D10, worst first: their order is the precedence."""

    MISSED = "missed"
    FAILED = "failed"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    NO_DATA = "no_data"
    BYPASSED = "bypassed"
    INCONCLUSIVE = "inconclusive"
    DUE = "due"
    EXCUSED = "excused"
    NEVER_VERIFIED = "never_verified"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """What is known of one check of the device."""

    check_id: str
    adopted_at: datetime | None = None
    """Since when the line has the check; None: it doesn't."""
    undecided: tuple[OccurrenceRecord, ...] = ()
    """As the pauses of the line have them."""
    first_lapsed: OccurrenceRecord | None = None
    """The earliest that was recorded as lapsed since the check passed last."""
    last_lapsed: OccurrenceRecord | None = None
    """The latest that was recorded as lapsed; what has lapsed and is not yet recorded so is
    among the undecided."""
    last_passed: RunRecord | None = None
    """The latest closed run of each outcome, whatever it was made for: an occurrence, on demand,
    or a re-verification."""
    last_failed: RunRecord | None = None
    last_inconclusive: RunRecord | None = None
    runs_without_verdict: int = 0
    """In a row, up to the last: given up or inconclusive."""
    without_verdict_since: datetime | None = None
    """When the first of them ended."""
    next_due_at: datetime | None = None
    """By the plan, beyond the occurrences already made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What a device's status depends on, besides the time."""

    checks: tuple[CheckFacts, ...]
    containments: tuple[ContainmentRecord, ...] = ()
    no_data_since: datetime | None = None
    bypassed_since: datetime | None = None
    """No command sets it yet; a bypass will (R28)."""
    pause: PauseRecord | None = None
    """The pause of the device's line that is on, if one is."""
    was_verified: bool = False
    """It was ever found to detect: by any of its checks, whether that counts for the plan or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStanding:
    """A device's status, since when, what it is about, and what is next."""

    status: DeviceStatus
    since: datetime | None
    """None for a device that was never verified; for a verified one the oldest of its checks' last
    passes, as the device is proved by all of them together."""
    until: datetime | None = None
    """When it changes by itself: due becomes overdue, overdue lapses, a pause ends."""
    next_due_at: datetime | None = None
    """The next due time of any check, after now."""
    check_id: str | None = None
    occurrence_id: OccurrenceId | None = None
    run_id: RunId | None = None
    containment_id: ContainmentId | None = None
    runs_without_verdict: int | None = None
    """How many in a row made it inconclusive, where it is that and not one run's verdict."""


def device_status(facts: DeviceFacts, now: datetime) -> DeviceStanding:
    """Return the worst that holds for a device; of several alike the longest-standing (D10)."""
    worst = min(
        _standings(facts, now),
        key=lambda standing: (PRECEDENCE[standing.status], standing.since or now),
    )
    return replace(worst, next_due_at=_next_due_at(facts, now))


def longest_overdue(facts: DeviceFacts, now: datetime) -> DeviceStanding | None:
    """Return what is overdue longest, whatever status stands before it (D35); None: nothing is."""
    overdue = (s for s in _standings(facts, now) if s.status is DeviceStatus.OVERDUE)
    return min(overdue, key=lambda standing: standing.since or now, default=None)


def _standings(facts: DeviceFacts, now: datetime) -> Iterator[DeviceStanding]:
    """Yield everything that holds."""
    for case in facts.containments:
        if case.state is ContainmentState.OPEN:
            yield DeviceStanding(
                status=DeviceStatus.MISSED,
                since=case.opened_at,
                check_id=case.check_id,
                run_id=case.run_id,
                containment_id=case.containment_id,
            )
    if facts.no_data_since is not None:
        yield DeviceStanding(status=DeviceStatus.NO_DATA, since=facts.no_data_since)
    if facts.bypassed_since is not None:
        yield DeviceStanding(status=DeviceStatus.BYPASSED, since=facts.bypassed_since)
    if facts.pause is not None and is_paused(facts.pause, now):
        pause = facts.pause
        yield DeviceStanding(
            status=DeviceStatus.EXCUSED, since=pause.begins_at, until=pause.ends_at
        )
    if not facts.checks:
        yield DeviceStanding(status=DeviceStatus.NEVER_VERIFIED, since=None)
    for check in facts.checks:
        asked = tuple(o for o in check.undecided if not waits_for_pause(o, facts.pause, now))
        yield from _of_runs(check)
        yield from _of_lapses(replace(check, undecided=asked), now)
        for occurrence in asked:
            yield from _of_occurrence(check, occurrence, now)


def _of_runs(check: CheckFacts) -> Iterator[DeviceStanding]:
    passed = check.last_passed
    if passed is None:
        yield DeviceStanding(
            status=DeviceStatus.NEVER_VERIFIED, since=None, check_id=check.check_id
        )
    else:
        yield _by_run(check, DeviceStatus.VERIFIED, passed)
    for word, run in (
        (DeviceStatus.FAILED, check.last_failed),
        (DeviceStatus.INCONCLUSIVE, check.last_inconclusive),
    ):
        if run is not None and (passed is None or ended_at(run) >= ended_at(passed)):
            yield _by_run(check, word, run)
    if check.runs_without_verdict >= AGAIN_WITHOUT_VERDICT:
        yield DeviceStanding(
            status=DeviceStatus.INCONCLUSIVE,
            since=check.without_verdict_since,
            check_id=check.check_id,
            runs_without_verdict=check.runs_without_verdict,
        )


def _of_lapses(check: CheckFacts, now: datetime) -> Iterator[DeviceStanding]:
    """Yield the lapses that no pass has followed, recorded or not yet."""
    lapsed = [o for o in check.undecided if status(o, now) is OccurrenceStatus.LAPSED]
    if check.last_lapsed is not None:
        lapsed.append(check.last_lapsed)
    for occurrence in lapsed:
        lapsed_at = occurrence.decided_at or lapse_at(occurrence)
        if check.last_passed is None or lapsed_at > ended_at(check.last_passed):
            yield _by_occurrence(check, DeviceStatus.LAPSED, occurrence, since=lapsed_at)


def _of_occurrence(
    check: CheckFacts, occurrence: OccurrenceRecord, now: datetime
) -> Iterator[DeviceStanding]:
    """Yield that an occurrence wants to be run; from its opening on it is *due* on the board."""
    stands = status(occurrence, now)
    if stands is OccurrenceStatus.OVERDUE:
        yield _by_occurrence(
            check,
            DeviceStatus.OVERDUE,
            occurrence,
            since=occurrence.grace_ends_at,
            until=lapse_at(occurrence),
        )
    elif stands in {OccurrenceStatus.OPEN, OccurrenceStatus.DUE}:
        yield _by_occurrence(
            check,
            DeviceStatus.DUE,
            occurrence,
            since=occurrence.opens_at,
            until=occurrence.grace_ends_at,
        )


def _by_run(check: CheckFacts, word: DeviceStatus, run: RunRecord) -> DeviceStanding:
    return DeviceStanding(
        status=word,
        since=ended_at(run),
        check_id=check.check_id,
        run_id=run.run_id,
        occurrence_id=run.occurrence_id,
    )


def _by_occurrence(
    check: CheckFacts,
    word: DeviceStatus,
    occurrence: OccurrenceRecord,
    *,
    since: datetime,
    until: datetime | None = None,
) -> DeviceStanding:
    return DeviceStanding(
        status=word,
        since=since,
        until=until,
        check_id=check.check_id,
        occurrence_id=occurrence.occurrence_id,
        run_id=occurrence.run_id,
    )


def ended_at(run: RunRecord) -> datetime:
    """Return when a run ended; of one that did not say, when it began."""
    return run.ended_at or run.started_at


def _next_due_at(facts: DeviceFacts, now: datetime) -> datetime | None:
    made = (o.due_at for check in facts.checks for o in check.undecided)
    planned = (check.next_due_at for check in facts.checks if check.next_due_at is not None)
    return min((due_at for due_at in (*made, *planned) if due_at > now), default=None)


PRECEDENCE: Final[Mapping[DeviceStatus, int]] = MappingProxyType(
    {word: rank for rank, word in enumerate(DeviceStatus)}
)
