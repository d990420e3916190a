"""Every fact and every record: the ledger's dictionary (D22).

A new kind of fact is written in its noun's file and listed here; `docs/ledger.md` is printed from it.
"""

from collections.abc import Mapping
from typing import TypeVar

from redrabbit.domain.facts import (
    alarm,
    alarm_told,
    approval,
    approval_request,
    badge,
    calendar_change,
    challenge_part,
    check,
    clock,
    containment,
    credential,
    key_changed,
    lapse_reason,
    occurrence,
    part_count,
    part_told,
    parts_due,
    person,
    plan_form,
    plan_revision,
    plant,
    plant_event,
    presentation,
    pulse,
    qualification,
    record_count,
    remark,
    repair,
    role_grant,
    run,
    signature,
    silence,
    standstill,
    station,
    station_screen,
    stream_heads,
    suspect_window,
    token,
    way,
)
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.fact import Changes, Fact, Look, Record
from redrabbit.domain.facts.schema_1 import of_schema_1
from redrabbit.domain.facts.schema_2 import of_schema_2
from redrabbit.domain.ledger import Entry, JsonValue
from redrabbit.domain.newer import refuse_newer_type

R = TypeVar("R", bound=Record)

FACTS: tuple[type[Fact], ...] = (
    plant.ConfigurationAdopted,
    plant.AgentStarted,
    plant.AgentStopped,
    plant.InForceChanged,
    plant.NotWatched,
    plant.ClockStepped,
    clock.ClockDoubted,
    clock.ClockSettled,
    plant.HistoryLost,
    plant.PayloadsErased,
    stream_heads.StreamHeads,
    key_changed.KeyChanged,
    station.StationAdopted,
    station.StationRetired,
    station.StationLost,
    station.StationRestored,
    station.DeviceLost,
    station.DeviceRestored,
    check.CheckAdopted,
    check.CheckDueAnew,
    check.CheckDueAgain,
    check.CheckRetired,
    challenge_part.PartRegistered,
    challenge_part.PartStateChanged,
    challenge_part.PartMissing,
    challenge_part.PartFound,
    challenge_part.PartHandedOver,
    challenge_part.PartHandedBack,
    occurrence.OccurrenceMade,
    occurrence.OccurrenceOverdue,
    occurrence.OccurrencePostponed,
    occurrence.OccurrenceDecided,
    occurrence.OccurrenceReopened,
    occurrence.PauseDeclared,
    occurrence.PauseEnded,
    plant_event.PlantEventTold,
    run.RunStarted,
    run.RunUnqualified,
    part_told.PartTold,
    presentation.PartIssued,
    run.ScanRefused,
    run.FeedHeld,
    run.FeedNotHeld,
    presentation.PartPresented,
    presentation.VerdictReached,
    presentation.VerdictContradicted,
    presentation.PartGivenBack,
    run.RunStopped,
    run.RunClosed,
    remark.RunRemarked,
    lapse_reason.LapseExplained,
    calendar_change.CalendarChanged,
    calendar_change.CalendarChangeTakenBack,
    part_count.PartsCounted,
    parts_due.PartsCountedFrom,
    parts_due.PartsReached,
    standstill.StationStood,
    pulse.PulseProposed,
    pulse.PulseDecided,
    containment.ContainmentOpened,
    containment.ContainmentStopped,
    suspect_window.ContainmentWindowMoved,
    containment.ReactionChanged,
    repair.RepairRecorded,
    repair.RepairDisproved,
    containment.ContainmentReverified,
    containment.ContainmentClosed,
    alarm.AlarmRaised,
    alarm.AlarmEnded,
    alarm.AlarmAcknowledged,
    alarm.MessageDecided,
    person.PersonRegistered,
    person.PersonChanged,
    person.PersonDisabled,
    person.PersonEnabled,
    role_grant.RoleGranted,
    role_grant.RoleRevoked,
    badge.BadgeIssued,
    badge.BadgeRevoked,
    qualification.QualificationRecorded,
    qualification.QualificationWithdrawn,
    credential.CredentialSet,
    credential.CredentialRemoved,
    credential.CredentialLocked,
    credential.CredentialUnlocked,
    credential.LinkGiven,
    station_screen.StationScreenEnrolled,
    station_screen.StationScreenRevoked,
    token.TokenIssued,
    token.TokenRevoked,
    alarm_told.AlarmsTold,
    silence.SilenceDeclared,
    silence.SilenceEnded,
    way.WaySet,
    way.WayRemoved,
    signature.SignatureGiven,
    approval.ApprovalAsked,
    approval.ApprovalOverdue,
    approval.ApprovalMoot,
    approval_request.ApprovalRequested,
    approval_request.ApprovalCarriedOut,
    approval_request.ApprovalRefused,
    approval_request.ApprovalWithdrawn,
    approval_request.ApprovalFell,
    plan_form.PlanFormAnswered,
    plan_revision.PlanRevisionStored,
    plan_revision.PlanRevisionApproved,
    plan_revision.PlanRevisionScheduled,
    plan_revision.PlanRevisionDiscarded,
    plan_revision.PlanRevisionHeldBack,
    plan_revision.PlanRevisionTookEffect,
    plan_revision.PlanRevisionSuperseded,
)

RECORDS: tuple[type[Record], ...] = (
    plant.ConfigurationRecord,
    plant.InForceRecord,
    plant.AgentRecord,
    plant.NotWatchedRecord,
    clock.ClockDoubtRecord,
    station.StationRecord,
    station.DeviceRecord,
    check.CheckRecord,
    challenge_part.ChallengePartRecord,
    occurrence.OccurrenceRecord,
    run.RunRecord,
    part_told.PartToldRecord,
    presentation.PresentationRecord,
    remark.RemarkRecord,
    lapse_reason.LapseReasonRecord,
    calendar_change.CalendarChangeRecord,
    part_count.PartCountRecord,
    pulse.PulseRecord,
    containment.ContainmentRecord,
    occurrence.PauseRecord,
    plant_event.PlantEventRecord,
    alarm.AlarmRecord,
    person.PersonRecord,
    role_grant.RoleGrantRecord,
    badge.BadgeRecord,
    qualification.QualificationRecord,
    credential.CredentialRecord,
    station_screen.StationScreenRecord,
    token.TokenRecord,
    alarm_told.AlarmToldRecord,
    silence.SilenceRecord,
    signature.SignatureRecord,
    approval.ApprovalRecord,
    plan_form.PlanFormAnswerRecord,
    plan_revision.PlanRevisionRecord,
    record_count.CountRecord,
)

BY_TYPE: Mapping[str, type[Fact]] = {kind.TYPE: kind for kind in FACTS}


FOUND_BY_TYPE: tuple[str, ...] = (
    plant.ConfigurationAdopted.TYPE,
    plant.HistoryLost.TYPE,
    plant.InForceChanged.TYPE,
    key_changed.KeyChanged.TYPE,
    plant.PayloadsErased.TYPE,
    person.PersonChanged.TYPE,
    person.PersonDisabled.TYPE,
    person.PersonEnabled.TYPE,
    person.PersonRegistered.TYPE,
    role_grant.RoleGranted.TYPE,
    role_grant.RoleRevoked.TYPE,
    stream_heads.StreamHeads.TYPE,
)
"""Types that are looked for in a ledger of any size: an index holds their entries, and no others."""


def fact_of(entry: Entry) -> Fact | None:
    """Return what an entry says; None where its payload was erased (D51).

    Raises WrittenByNewer for an entry type that this version doesn't know, ValueError for a payload
    that is not what its type says.
    """
    refuse_newer_type(entry.type, BY_TYPE, entry.software)
    if entry.payload is None:
        return None
    return decode(BY_TYPE[entry.type], _payload_today(entry, entry.payload))


def _payload_today(entry: Entry, payload: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    if entry.schema == 1:
        return of_schema_2(entry.type, of_schema_1(entry, BY_TYPE))
    return of_schema_2(entry.type, payload) if entry.schema == 2 else payload  # noqa: PLR2004  its number is its name


def fold(entry: Entry, look: Look) -> Changes:
    """Return what an entry changes in the records: the only thing that makes or changes one (D13).

    With what a fact changes the counts of these records change (D63). Raises as `fact_of`, and LookupError
    for an entry that speaks of a record which isn't there.
    """
    fact = fact_of(entry)
    if fact is None:
        return ()
    looked: dict[tuple[object, ...], Record | None] = {}

    def once(kind: type[R], *key: str | int) -> R | None:
        place = (kind, *key)
        if place not in looked:
            looked[place] = look(kind, *key)
        return looked[place]  # type: ignore[return-value]  # because what is kept under a kind is of it

    changes = fact.fold(entry, once)
    return (*changes, *record_count.counts_after(changes, once))
