"""The records that pages read, each a pure function of the ledger; each stands beside its facts.

`redrabbit.domain.facts.catalogue.fold` is the only thing that makes them: in the store as each entry
is appended, and in verification when the whole ledger is folded again; so an edit in either is found
(D13).
"""

from collections.abc import Mapping

from redrabbit.domain.facts.alarm import AlarmRecord
from redrabbit.domain.facts.alarm_told import AlarmToldRecord
from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.facts.badge import BadgeRecord
from redrabbit.domain.facts.calendar_change import CalendarChangeRecord
from redrabbit.domain.facts.catalogue import RECORDS
from redrabbit.domain.facts.challenge_part import ChallengePartRecord
from redrabbit.domain.facts.check import CheckRecord
from redrabbit.domain.facts.clock import ClockDoubtRecord
from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.facts.credential import CredentialRecord
from redrabbit.domain.facts.fact import Json, Record
from redrabbit.domain.facts.lapse_reason import LapseReasonRecord
from redrabbit.domain.facts.occurrence import OccurrenceRecord, PauseRecord
from redrabbit.domain.facts.part_count import PartCountRecord
from redrabbit.domain.facts.part_told import PartToldRecord
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.plan_form import PlanFormAnswerRecord
from redrabbit.domain.facts.plan_revision import PlanRevisionRecord
from redrabbit.domain.facts.plant import (
    AgentRecord,
    ConfigurationRecord,
    InForceRecord,
    NotWatchedRecord,
)
from redrabbit.domain.facts.plant_event import PlantEventRecord
from redrabbit.domain.facts.presentation import PresentationRecord
from redrabbit.domain.facts.pulse import PulseRecord
from redrabbit.domain.facts.qualification import QualificationRecord
from redrabbit.domain.facts.record_count import CountRecord
from redrabbit.domain.facts.remark import RemarkRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.facts.run import RunRecord
from redrabbit.domain.facts.signature import SignatureRecord
from redrabbit.domain.facts.silence import SilenceRecord
from redrabbit.domain.facts.station import DeviceRecord, StationRecord
from redrabbit.domain.facts.station_screen import StationScreenRecord
from redrabbit.domain.facts.token import TokenRecord

__all__ = [
    "KEYS",
    "KINDS",
    "TABLES",
    "AgentRecord",
    "AlarmRecord",
    "AlarmToldRecord",
    "ApprovalRecord",
    "BadgeRecord",
    "CalendarChangeRecord",
    "ChallengePartRecord",
    "CheckRecord",
    "ClockDoubtRecord",
    "ConfigurationRecord",
    "ContainmentRecord",
    "CountRecord",
    "CredentialRecord",
    "DeviceRecord",
    "InForceRecord",
    "Json",
    "LapseReasonRecord",
    "NotWatchedRecord",
    "OccurrenceRecord",
    "PartCountRecord",
    "PartToldRecord",
    "PauseRecord",
    "PersonRecord",
    "PlanFormAnswerRecord",
    "PlanRevisionRecord",
    "PlantEventRecord",
    "PresentationRecord",
    "PulseRecord",
    "QualificationRecord",
    "Record",
    "RemarkRecord",
    "RoleGrantRecord",
    "RunRecord",
    "SignatureRecord",
    "SilenceRecord",
    "StationRecord",
    "StationScreenRecord",
    "TokenRecord",
]

TABLES: Mapping[type[Record], str] = {kind: kind.TABLE for kind in RECORDS}

KINDS: Mapping[str, type[Record]] = {kind.TABLE: kind for kind in RECORDS}
"""The kind of record of each table."""

KEYS: Mapping[type[Record], tuple[str, ...]] = {kind: kind.KEY for kind in RECORDS}
