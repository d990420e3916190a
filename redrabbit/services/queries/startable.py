"""The checks that can be started at a station now, with the parts they ask for (L6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from redrabbit.base.messages import Message
from redrabbit.domain.containment_questions import may_reverify, waits_for_reverification
from redrabbit.domain.control_plan import Check
from redrabbit.domain.device_status import CheckFacts
from redrabbit.domain.identity import ContainmentId, OccurrenceId, PartId
from redrabbit.domain.occurrence import OccurrenceStatus, may_be_run
from redrabbit.domain.part_fitness import why_unfit
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ChallengePartRecord, ContainmentRecord, OccurrenceRecord
from redrabbit.domain.run_words import AGAIN_WITHOUT_VERDICT
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader
from redrabbit.services.queries.beside_status import without_verdict
from redrabbit.services.queries.device_overview import DeviceOverview
from redrabbit.services.queries.wording import message
from redrabbit.services.rotating import owed_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class PartToTake:
    """A part that a check asks for, and where it lives."""

    part: str
    name: Text
    storage: str
    is_good_master: bool
    unfit: Message | None
    """Why it can't be used today; None: it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Startable:
    """One check that can be started at this station now."""

    check: str
    plan_line: str
    """Tells the checks of one device apart."""
    device: Text
    status: str
    """Word of the state mark: missed, overdue, due, or the device's own."""
    occurrence: OccurrenceId | None
    containment: ContainmentId | None
    why: Message
    parts: tuple[PartToTake, ...]
    urgent: bool
    """True where it is due, overdue or re-verifies: it comes first and its button is filled."""
    without_verdict: Message | None
    """Runs of the check in a row that came to no verdict (D4)."""
    advice: Message | None
    """What to do about them, once there are several."""
    hindered: Message | None
    """Why it can't be started now: the station can't be read, a part can't be used, or nobody has said
    what was repaired (D35)."""


def startable_checks(
    reader: Reader, plant: Plant, here: Iterable[DeviceOverview], now: datetime
) -> tuple[Startable, ...]:
    """Return what can be started, the most urgent first."""
    today = now.astimezone(plant.zone).date()
    rows: list[Startable] = []
    for overview in here:
        for check in overview.checks:
            parts, owed = (
                tuple(part_to_take(reader, plant, part, today) for part in wanted)
                for wanted in (check.parts, owed_parts(reader, plant, check, now))
            )
            cases = [
                case
                for case in overview.facts.containments
                if case.check_id == check.id and may_reverify(plant, check, case)
            ]
            rows += _rows(overview, check, (parts, owed), cases, now)
    urgency = {"overdue": 0, "missed": 1, "due": 2}
    return tuple(sorted(rows, key=lambda row: urgency.get(row.status, 3) if row.urgent else 9))


def part_to_take(reader: Reader, plant: Plant, part_id: PartId, today: date) -> PartToTake:
    """Return a part with its place, and why it can't be used if it can't (L6, B25)."""
    part = plant.part(part_id)
    record = reader.get(ChallengePartRecord, part_id)
    refusal = why_unfit(part, record, today) if record is not None else None
    return PartToTake(
        part=part.id,
        name=part.name,
        storage=part.storage,
        is_good_master=part.is_good_master,
        unfit=message(f"refusal.{refusal.code}", **refusal.params) if refusal is not None else None,
    )


def _rows(
    overview: DeviceOverview,
    check: Check,
    all_and_owed: tuple[tuple[PartToTake, ...], tuple[PartToTake, ...]],
    cases: Iterable[ContainmentRecord],
    now: datetime,
) -> list[Startable]:
    def row(
        status: str,
        why: Message,
        *,
        occurrence: OccurrenceId | None = None,
        containment: ContainmentId | None = None,
        urgent: bool = True,
        hindered: Message | None = None,
    ) -> Startable:
        parts = all_parts if containment is not None else owed
        return Startable(
            check=check.id,
            plan_line=check.plan_line,
            device=overview.device.name,
            status=status,
            occurrence=occurrence,
            containment=containment,
            why=why,
            parts=parts,
            urgent=urgent,
            without_verdict=without_verdict(in_a_row),
            advice=message("board.call_quality") if in_a_row >= AGAIN_WITHOUT_VERDICT else None,
            hindered=_hindered(overview, parts) or hindered,
        )

    all_parts, owed = all_and_owed
    in_a_row = _facts_of(overview, check).runs_without_verdict
    rows = [
        row(
            "missed",
            message("start.reverify", containment=case.containment_id),
            containment=case.containment_id,
            hindered=None if waits_for_reverification(case) else message("start.repair_first"),
        )
        for case in cases
    ]
    occurrence = _runnable(overview, check, now)
    if occurrence is not None:
        overdue = overview.occurrence_status[occurrence.occurrence_id] is OccurrenceStatus.OVERDUE
        why = (
            message("board.overdue", overdue=now - occurrence.grace_ends_at)
            if overdue
            else message("why.due", due_at=occurrence.due_at, until=occurrence.grace_ends_at)
        )
        rows.append(row("overdue" if overdue else "due", why, occurrence=occurrence.occurrence_id))
    elif not rows:
        rows.append(row(overview.status, message("start.on_demand"), urgent=False))
    return rows


def _facts_of(overview: DeviceOverview, check: Check) -> CheckFacts:
    return next(facts for facts in overview.facts.checks if facts.check_id == check.id)


def _hindered(overview: DeviceOverview, parts: tuple[PartToTake, ...]) -> Message | None:
    """Return why the service would refuse to start it, in a word for the button."""
    if overview.facts.no_data_since is not None:
        return message("status.no_data")
    return message("start.unfit") if any(part.unfit is not None for part in parts) else None


def _runnable(overview: DeviceOverview, check: Check, now: datetime) -> OccurrenceRecord | None:
    return next(
        (
            occurrence
            for occurrence in overview.undecided
            if occurrence.check_id == check.id and may_be_run(occurrence, now)
        ),
        None,
    )
