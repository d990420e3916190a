"""The story behind the sample databases: one plant in which every type of entry is written.

    python -m tests.store.sample_story URL KEY_FILE FOLDER NAME

Drives the product's own commands over the store `URL` with a simulated clock, and writes what the
database then holds as texts; see samples/README.md.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import delete, update

from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.acts import GiveSignature, QuarantinePart, ReleasePart
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.calendar_acts import ChangeCalendar
from redrabbit.domain.clock_doubts import open_doubts
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.approval import ApprovalAsked
from redrabbit.domain.facts.approval_request import ApprovalCarriedOut
from redrabbit.domain.facts.badge import BadgeIssued, BadgeRevoked
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.check import CheckDueAgain, CheckDueAnew
from redrabbit.domain.facts.clock import ClockDoubted, ClockSettled, ClockSettledBy
from redrabbit.domain.facts.credential import (
    CredentialLocked,
    CredentialRemoved,
    CredentialSet,
    CredentialUnlocked,
    LinkGiven,
)
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.occurrence import OccurrenceReopened
from redrabbit.domain.facts.person import (
    PersonChanged,
    PersonDisabled,
    PersonEnabled,
    PersonKind,
    PersonLanguage,
    PersonRegistered,
)
from redrabbit.domain.facts.plan_form import PlanFormAnswered
from redrabbit.domain.facts.plan_revision import (
    HeldBackCode,
    PlanDifference,
    PlanOrigin,
    PlanRevisionApproved,
    PlanRevisionDiscarded,
    PlanRevisionHeldBack,
    PlanRevisionScheduled,
    PlanRevisionStored,
    PlanRevisionSuperseded,
    PlanRevisionTookEffect,
)
from redrabbit.domain.facts.plant import (
    ClockStepped,
    HistoryLost,
    PayloadsErased,
)
from redrabbit.domain.facts.pulse import PulseWhy
from redrabbit.domain.facts.qualification import (
    QualificationGap,
    QualificationRecorded,
    QualificationWithdrawn,
)
from redrabbit.domain.facts.role_grant import RoleGranted, RoleRevoked
from redrabbit.domain.facts.run import FeedHeld, FeedNotHeld, RunUnqualified
from redrabbit.domain.facts.station_screen import StationScreenEnrolled, StationScreenRevoked
from redrabbit.domain.facts.token import Scope, TokenIssued, TokenRevoked
from redrabbit.domain.facts.way import WayRemoved, WaySet
from redrabbit.domain.identity import (
    AGENT,
    CONFIGURATION,
    SCHEDULER,
    Actor,
    AlarmId,
    BadgeId,
    CheckId,
    ContainmentId,
    GrantId,
    How,
    LineId,
    PartId,
    PauseId,
    PersonId,
    QualificationId,
    ScreenId,
    SignalName,
    StationId,
    TokenId,
)
from redrabbit.domain.learnt_pulse import SAMPLE, Cycle
from redrabbit.domain.ledger import PLANT_STREAM, StoredEntry, instant_text
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.people_rules import PeopleRules
from redrabbit.domain.plant import Plant
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import (
    KEYS,
    TABLES,
    AlarmRecord,
    ApprovalRecord,
    ChallengePartRecord,
    OccurrenceRecord,
    RunRecord,
    SignatureRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.role import Role
from redrabbit.domain.run import Disowned
from redrabbit.domain.schedule_rules import EveryParts, FirstPart, PlantEvent
from redrabbit.domain.shift_production import shift_at
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.domain.way import WayKind
from redrabbit.services import (
    containing,
    first_parts,
    messaging,
    planning,
    plant_events,
    pulse_learning,
    requesting,
    scheduling,
)
from redrabbit.services.accepting_loss import accept_loss
from redrabbit.services.agent import note_stopped
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.approving import after_act, tell_overdue
from redrabbit.services.changing_calendar import change_calendar, take_back
from redrabbit.services.clock_steps import note_clock_step
from redrabbit.services.containing import EndTold
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.escalating import take_steps
from redrabbit.services.explaining import explain_lapse
from redrabbit.services.first_parts import ShiftsSeen
from redrabbit.services.loop_watch import Hole, note_holes
from redrabbit.services.noting_stream_heads import note_stream_heads
from redrabbit.services.parts_due import make_due
from redrabbit.services.pending import Pending
from redrabbit.services.ports import Reader, UnitOfWork, Where, equals
from redrabbit.services.pulse_learning import PulseNews
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.receiver_alarms import say_not_reached, say_reached
from redrabbit.services.record_fact import record
from redrabbit.services.remarking import remark
from redrabbit.services.signables import leaf_of, signable_at
from redrabbit.services.signing import sign
from redrabbit.services.silencing import declare_silence, end_silence
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.taking_up import open_life
from redrabbit.store.changing_key import change_key
from redrabbit.store.engine import parsed_url, writer_engine
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.tables import BLOBS, LEDGER, STATED_NAMES
from redrabbit.store.unit_of_work import Recording, SqlUnitOfWork
from simulators.virtual_clock import VirtualClock

T = TypeVar("T")

POLL_S = 0.1
"""How often the polled stations of the samples are read while a part is judged."""

HERE = Path(__file__).parent
FIRST = HERE / "samples" / "configuration"
SOFTWARE = "0.1.0"
BEGIN = datetime(2026, 3, 1, 21, 50, tzinfo=UTC)  # Monday 05:50 in the plant, 10 min to the shift

PEOPLE = tuple(
    StatedName(name=name, salt=bytes([number]) * SALT_BYTES)
    for number, name in enumerate(("2207", "3115 李娜", "访客 Carla"), start=1)
)
"""With salts of their own for ever, so that the same story has the same ids."""
ANNA, BERND, CARLA = (Actor.stated(person.id) for person in PEOPLE)
CASE_1, CASE_2 = ContainmentId("line1-C-1"), ContainmentId("line1-C-2")
OP10, OP20, NUT = "line1-op10", "line1-op20", "line2-op10"
TORQUE, SEAL, BRACKET = (
    "line1-op10-torque-verification",
    "line1-op20-seal-verification",
    "line2-op10-nut-verification",
)
IDLE: Mapping[str, Mapping[str, Value]] = {
    OP10: {
        "part_present": False,
        "rejected": False,
        "accepted": False,
        "reject_code": 0,
        "measured": 28.25,
        "part_count": 1000,
    },
    OP20: {
        "part_code": "",
        "rejected": False,
        "accepted": False,
        "reject_code": 0,
        "part_count": 77,
    },
    NUT: {"rejected": False, "part_count": 500, "good_count": 480},
}


class Shop:
    """The product over one database, moved by hand."""

    def __init__(self, url: str, key: Path) -> None:
        self.url, self.key = url, key
        self.clock = VirtualClock(BEGIN)
        self.shown: dict[str, dict[str, Value]] = {
            station: dict(values) for station, values in IDLE.items()
        }
        self.salts = Random(5)
        self.begin(FIRST)
        for person in PEOPLE:
            self.write(lambda uow, person=person: uow.keep_name(person))  # type: ignore[misc]  # because mypy has no type for a default of a lambda

    def begin(self, folder: Path) -> None:
        """Begin a life under this configuration."""
        self.plant: Plant = load_plant(folder)
        self.database = open_database(
            self.url,
            plant=self.plant.name,
            clock=self.clock,
            recording=self.recording,
            key_path=self.key,
        )
        opened = self.database.write_now(
            lambda uow: open_life(uow, self.plant, read_configuration(folder)[1], SOFTWARE)
        )
        self.agent_id = opened.agent_id
        self.owners: dict[str, StationOwner] = {owner.station.id: owner for owner in opened.owners}
        for station in self.owners:
            self.read(station, **self.shown[station])

    @property
    def recording(self) -> Recording:
        return Recording(
            fold=fold,
            software=SOFTWARE,
            targets=self.plant.targets,
            salt=lambda: self.salts.randbytes(SALT_BYTES),
        )

    def end(self, *, killed: bool = False) -> None:
        if not killed:
            counts = self.counts()
            self.write(lambda uow: note_stopped(uow, self.agent_id, self.plant, counts))
        self.write(lambda uow: uow.beat("agent", self.clock.now()))
        self.database.close()

    def write(self, command: Callable[[SqlUnitOfWork], T]) -> T:
        return self.database.write_now(command)

    def counts(self) -> dict[StationId, PartCount]:
        """Return what each station has counted that tells it now."""
        now = self.clock.now()
        told = {
            StationId(name): owner.production.counting.at(now)
            for name, owner in self.owners.items()
        }
        return {station: count for station, count in told.items() if count is not None}

    def end_window(self, case: ContainmentId, told: EndTold, *, counted: bool = True) -> None:
        count = self.owners[OP10].production.counting.at(self.clock.now()) if counted else None
        self.write(lambda uow: containing.end_window(uow, case, told, count=count, actor=BERND))

    def find(self, kind: type[Any], *where: Where) -> list[Any]:
        return self.database.read_now(lambda reader: reader.find(kind, *where))

    def settle(self, pending: Pending | None) -> RunRecord | None:
        if pending is None:
            return None
        record = self.write(pending.command)
        pending.settle()
        return record

    def pass_time(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.steady + timedelta(seconds=seconds))

    def read(self, station: str, /, **told: Value | Reason) -> None:
        """Let the station be read once: these values changed, or have none any more."""
        self.shown[station].update({n: v for n, v in told.items() if not isinstance(v, Reason)})
        changes = tuple(
            Observation(signal=SignalName(name), reason=what)
            if isinstance(what, Reason)
            else Observation(signal=SignalName(name), value=what)
            for name, what in told.items()
        )
        self._take(station, changes, None)

    def watch(self, station: str, seconds: float) -> None:
        """Let time pass while the station is polled, and nothing changes."""
        for _ in range(round(seconds / POLL_S) - 1):
            self.pass_time(POLL_S)
            self.read(station)
        self.pass_time(POLL_S)

    def fail(self, station: str) -> None:
        """Let one poll of the station fail."""
        self._take(station, (), Reason.TIMEOUT)

    def _take(self, station: str, changes: tuple[Observation, ...], failure: Reason | None) -> None:
        now = self.clock.now()
        owner = self.owners[station]
        self.settle(
            owner.take(
                Acquisition(
                    station=owner.station.id,
                    window=Window(began_at=now, ended_at=now),
                    signals=frozenset(spec.name for spec in owner.station.signals),
                    failure=failure,
                    changes=changes,
                )
            )
        )

    def wait(self, seconds: float) -> None:
        """Let time pass in good order: stations are read, obligations kept."""
        self.pass_time(seconds)
        for station in self.owners:
            self.read(station, **self.shown[station])
        self.write(lambda uow: scheduling.step(uow, self.plant))
        for owner in self.owners.values():
            self.settle(owner.tick(self.clock.now()))

    def start(self, check: str, **more: Any) -> RunRecord:
        station = self.plant.check(CheckId(check)).station
        usual: dict[str, Any] = {"occurrence_id": None, "containment_id": None}
        self.read(station)
        record = self.settle(
            self.owners[station].start(
                check_id=check, actor=ANNA, now=self.clock.now(), **(usual | more)
            )
        )
        assert record is not None
        return record

    def tell(self, station: str, of: str, value: str) -> None:
        self.pass_time(1)
        told = self.owners[station].tell(of, value, actor=ANNA, now=self.clock.now())
        self.settle(told)

    def scan(self, station: str, code: str) -> None:
        self.pass_time(2)
        self.read(station)
        owner = self.owners[station]
        try:
            self.settle(owner.scan(code, actor=ANNA, now=self.clock.now()))
        except Refusal as refusal:
            self.settle(owner.refused(code, refusal, ANNA))

    def give_back(self, station: str, code: str) -> None:
        self.pass_time(1.5)
        self.read(station)
        owner = self.owners[station]
        try:
            self.settle(owner.give_back(code, actor=ANNA, now=self.clock.now()))
        except Refusal as refusal:
            self.settle(owner.refused(code, refusal, ANNA))

    def confirm(self, station: str, actor: Actor = BERND) -> None:
        self.pass_time(3)
        self.settle(self.owners[station].confirm(actor=actor, now=self.clock.now()))

    def abort(self, station: str, reason: str) -> None:
        self.settle(self.owners[station].abort(reason, actor=ANNA, now=self.clock.now()))

    # What a device does with a part -----------------------------------------------------------

    def torque_part(self, answer: str, code: int = 11) -> None:
        """Put a part in OP10, let it answer, take the part out."""
        count = int(self.shown[OP10]["part_count"])
        self.watch(OP10, 1)
        self.read(OP10, part_present=True)
        self.watch(OP10, 0.9)
        if answer == "rejected":
            self.read(OP10, rejected=True, reject_code=code, measured=18.5, part_count=count + 1)
        elif answer == "accepted":
            self.read(OP10, accepted=True, measured=28.0, part_count=count + 1)
        elif answer == "silent":
            self.read(OP10)
            self.watch(OP10, 3)
            self.read(OP10)
            self.settle(self.owners[OP10].tick(self.clock.now()))
        elif answer == "both":
            self.read(OP10, rejected=True, reject_code=code)
            self.pass_time(0.4)
            self.read(OP10, accepted=True)
        self.pass_time(0.9)
        self.read(OP10, part_present=False, rejected=False, accepted=False, reject_code=0)

    def good_torque_run(self, **more: Any) -> RunRecord:
        run = self.start(TORQUE, **more)
        self.scan(OP10, "RR-0001")
        self.torque_part("rejected")
        self.give_back(OP10, "RR-0001")
        self.scan(OP10, "GM-0001")
        self.torque_part("accepted")
        self.give_back(OP10, "GM-0001")
        self.confirm(OP10)
        return run

    def bad_torque_run(self, answer: str, code: int = 11, **more: Any) -> RunRecord:
        run = self.start(TORQUE, **more)
        self.scan(OP10, "RR-0001")
        self.torque_part(answer, code)
        self.give_back(OP10, "RR-0001")
        self.confirm(OP10)
        return run

    def seal_part(self, code: int = 31) -> None:
        self.pass_time(1)
        self.read(OP20, part_code="RR-0002")
        self.pass_time(0.8)
        self.read(OP20, rejected=True, reject_code=code)
        self.pass_time(2.5)
        self.read(OP20, part_code="", rejected=False, reject_code=0)


def play(shop: Shop) -> None:
    """Play the whole story; each chapter says which types of entry it is for."""
    shop.pass_time(60)
    shop.wait(0.1)
    _passed_and_failed(shop)
    _contained(shop)
    _camera(shop)
    _brackets(shop)
    _planned(shop)
    _other_endings(shop)
    _parts(shop)
    _station_and_clock(shop)
    _people(shop)
    _plans(shop)
    _erased(shop)
    _restarts(shop)


def _passed_and_failed(shop: Shop) -> None:
    good = shop.good_torque_run()  # for the occurrence of the shift start
    shop.write(lambda uow: remark(uow, good.run_id, text="lamp dim 灯暗", actor=ANNA))
    shop.pass_time(60)
    shop.read(OP10, part_count=1215)
    shop.bad_torque_run("rejected", code=99)  # wrong reason: inconclusive
    shop.bad_torque_run("both")  # detected, then contradicted
    shop.start(TORQUE)  # it was not the part
    shop.scan(OP10, "RR-0001")
    shop.watch(OP10, 1)
    shop.read(OP10, part_present=True)
    shop.pass_time(0.5)
    shop.settle(shop.owners[OP10].say(Disowned(at=shop.clock.now(), actor=ANNA)))
    shop.read(OP10, part_present=False)
    shop.give_back(OP10, "RR-0001")
    shop.confirm(OP10)
    run = shop.start(TORQUE)  # the good master is rejected
    shop.scan(OP10, "RR-0002")  # refused: wrong part
    shop.scan(OP10, "RR-0001")
    held = FeedHeld(station=OP10, device=run.device, run_id=run.run_id)
    shop.write(lambda uow: record(uow, held, stream=run.line, actor=ANNA))
    void = FeedNotHeld(station=OP10, device=run.device, run_id=run.run_id)
    shop.write(lambda uow: record(uow, void, stream=run.line, actor=AGENT))
    shop.write(lambda uow: record(uow, held, stream=run.line, actor=ANNA))
    shop.torque_part("rejected")
    shop.give_back(OP10, "GM-0001")  # refused: wrong part back
    shop.give_back(OP10, "RR-0001")
    shop.scan(OP10, "GM-0001")
    shop.torque_part("rejected", code=12)
    shop.give_back(OP10, "GM-0001")
    shop.confirm(OP10)
    assert shop.find(RunRecord, equals("run_id", run.run_id))[0].outcome == "failed"
    shop.start(TORQUE)  # given up before, while and after a part is out
    shop.abort(OP10, "called away")
    shop.start(TORQUE)
    shop.scan(OP10, "RR-0001")
    shop.abort(OP10, "夹具卡住")
    shop.give_back(OP10, "RR-0001")
    shop.confirm(OP10)
    shop.start(TORQUE)  # never started
    shop.wait(3700)


def _contained(shop: Shop) -> None:
    shop.bad_torque_run("accepted")  # a miss: the case opens
    shop.bad_torque_run("silent")  # a second miss: no second case
    shop.read(OP10, part_count=1400)
    shop.end_window(CASE_1, EndTold(text="line stopped by hand", box_label="KLT-88012"))
    shop.write(lambda uow: containing.tick_reaction(uow, CASE_1, step=0, actor=ANNA))
    _repair(shop, RepairCode.NOTHING_FOUND)
    shop.bad_torque_run("accepted", containment_id=CASE_1)  # it did not help
    _repair(shop, RepairCode.OTHER, "灯已更换 new light")
    shop.good_torque_run(containment_id=CASE_1)
    shop.write(lambda uow: containing.tick_reaction(uow, CASE_1, step=1, actor=BERND))
    shop.write(lambda uow: containing.close(uow, CASE_1, actor=CARLA))
    shop.bad_torque_run("accepted")  # a second case, which stays open; stopped without a counter
    shop.end_window(CASE_2, EndTold(), counted=False)


def _repair(shop: Shop, code: RepairCode, text: str | None = None) -> None:
    shop.write(
        lambda uow: containing.record_repair(uow, CASE_1, repair=code, text=text, actor=BERND)
    )


def _camera(shop: Shop) -> None:
    shop.start(SEAL)
    shop.scan(OP20, "RR-0002")
    shop.seal_part()
    shop.pass_time(1)
    shop.seal_part()  # presented a second time: a later attempt
    shop.give_back(OP20, "RR-0002")
    shop.confirm(OP20)
    shop.pass_time(5)
    shop.read(OP20, part_code="RR-0004")  # seen where it must not be: escape, part missing
    shop.pass_time(1)
    shop.read(OP20, part_code="")


def _brackets(shop: Shop) -> None:
    shop.wait(600)
    shop.start(BRACKET)
    shop.scan(NUT, "RR-0003")
    shop.pass_time(1)
    shop.read(NUT)
    shop.settle(shop.owners[NUT].tap(actor=ANNA, now=shop.clock.now()))
    shop.pass_time(1)
    shop.read(NUT, rejected=True, part_count=501)
    shop.pass_time(1)
    shop.read(NUT, rejected=False)
    for _ in range(3):  # not given back in time
        shop.wait(301)
    shop.give_back(NUT, "RR-0003")
    shop.confirm(NUT)


def _planned(shop: Shop) -> None:
    now = shop.clock.now
    shop.write(
        lambda uow: planning.declare_pause(
            uow,
            shop.plant,
            line="line1",
            begins_at=now() + timedelta(minutes=5),
            ends_at=now() + timedelta(hours=3),
            reason="no orders 无订单",
            actor=BERND,
        )
    )
    shop.wait(3 * 3600 + 60)
    shop.write(
        lambda uow: planning.declare_pause(
            uow,
            shop.plant,
            line="line2",
            begins_at=now(),
            ends_at=now() + timedelta(hours=3),
            reason="tool change",
            actor=BERND,
        )
    )
    shop.wait(600)
    shop.write(lambda uow: planning.end_pause(uow, PauseId("line2-P-1"), actor=ANNA))
    shop.write(
        lambda uow: plant_events.tell(
            uow,
            shop.plant,
            line="line1",
            station=None,
            event=PlantEvent.MATERIAL_CHANGE,
            note="coil 88",
            actor=BERND,
        )
    )
    _parts_made(shop)
    _stood(shop)
    shop.wait(3600)
    undecided = shop.find(OccurrenceRecord, equals("outcome", None), Where("opens_at", "<=", now()))
    shop.write(
        lambda uow: planning.excuse(
            uow, undecided[0].occurrence_id, reason="prototype run", actor=BERND
        )
    )
    shop.wait(2 * 3600)  # overdue is told
    shop.wait(1800)
    shop.wait(3600)  # and something lapses
    lapsed = shop.find(OccurrenceRecord, equals("outcome", "lapsed"))[0]
    shop.write(
        lambda uow: explain_lapse(
            uow, lapsed.occurrence_id, text="part at calibration 样件外送检定", actor=CARLA
        )
    )
    _calendar_changed(shop)
    for alarm in shop.find(AlarmRecord)[:3]:
        _acknowledge(shop, alarm.alarm_id)
    _acknowledge(shop, shop.find(AlarmRecord)[3].alarm_id, CARLA)


def _calendar_changed(shop: Shop) -> None:
    """A Sunday that the line works, which is taken back again."""
    act = ChangeCalendar(
        line=LineId("line1"),
        kind=CalendarDayKind.OVERTIME,
        first_date=date(2026, 3, 22),
        last_date=None,
        weekday=None,
        starts_at="01:00",
        ends_at="02:00",
        reason="order 4711 加班",
    )
    shop.write(lambda uow: change_calendar(uow, shop.plant, act, actor=CARLA))
    shop.write(lambda uow: take_back(uow, act.line, 1, reason="postponed", actor=CARLA))


def _parts_made(shop: Shop) -> None:
    """A check of one part in a hundred: counted from its last good check, due, and not asked for twice."""
    checks = tuple(
        replace(check, schedule=EveryParts(parts=100)) if check.id == TORQUE else check
        for check in shop.plant.plan.checks
    )
    plant = replace(shop.plant, plan=replace(shop.plant.plan, checks=checks))
    station = plant.station(StationId(OP10))
    for made in (2_000, 2_150):
        count = PartCount(value=made, made=made, epoch=9, fell_from=None)
        shop.write(
            lambda uow, count=count: make_due(  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                uow, plant, station, count, at=uow.now, unseen=False
            )
        )


def _stood(shop: Shop) -> None:
    """A station's running signal was off all through a shift of a check that its first part makes due."""
    checks = tuple(
        replace(check, schedule=FirstPart()) if check.id == TORQUE else check
        for check in shop.plant.plan.checks
    )
    plant = replace(shop.plant, plan=replace(shop.plant.plan, checks=checks))
    station = replace(plant.station(StationId(OP10)), part_counter=None, running=SignalName("runs"))
    now = shop.clock.now()
    shift = shift_at(plant.calendars[station.line], now)
    assert shift is not None
    ended = (replace(shift, ends_at=now),)  # it was cut short: the story is told within one shift
    seen = ShiftsSeen(
        at=now,
        count=None,
        stood_since=now - timedelta(days=1),
        until=now,
        shift=None,
        ended=ended,
        begun=None,
        signal=None,
        is_new=True,
    )
    shop.write(lambda uow: first_parts.make_due(uow, plant, station, seen))


def _acknowledge(shop: Shop, alarm_id: AlarmId, actor: Actor = BERND) -> None:
    shop.write(lambda uow: planning.acknowledge(uow, alarm_id, actor=actor))


def _other_endings(shop: Shop) -> None:
    shop.start(TORQUE)  # issued, never presented
    shop.scan(OP10, "RR-0001")
    for _ in range(20):
        shop.wait(30)
    shop.give_back(OP10, "RR-0001")
    shop.confirm(OP10)
    for _ in range(2):
        shop.bad_torque_run("rejected", code=99)  # inconclusive again and again
    shop.start(TORQUE)  # given up with the part before the device
    shop.scan(OP10, "RR-0001")
    shop.watch(OP10, 1)
    shop.read(OP10, part_present=True)
    shop.abort(OP10, "sensor dirty")
    shop.read(OP10, part_present=False)
    shop.give_back(OP10, "RR-0001")
    shop.confirm(OP10)
    shop.start(TORQUE)  # all is good, and nobody confirms
    shop.scan(OP10, "RR-0001")
    shop.torque_part("rejected")
    shop.give_back(OP10, "RR-0001")
    shop.scan(OP10, "GM-0001")
    shop.torque_part("accepted")
    shop.give_back(OP10, "GM-0001")
    for _ in range(20):
        shop.wait(60)
    shop.bad_torque_run("accepted")  # a miss fails the occurrence
    shop.start(SEAL)  # another rabbit than the one that was issued
    shop.scan(OP20, "RR-0002")
    shop.pass_time(1)
    shop.read(OP20, part_code="RR-0004")
    shop.pass_time(1)
    shop.read(OP20, part_code="")
    shop.give_back(OP20, "RR-0002")
    shop.confirm(OP20)


def _parts(shop: Shop) -> None:
    shop.write(lambda uow: planning.quarantine(uow, "GM-0001", reason="dropped", actor=BERND))
    shop.write(lambda uow: planning.release(uow, "GM-0001", actor=BERND))
    shop.write(lambda uow: planning.quarantine(uow, "RR-0003", reason="bent", actor=ANNA))
    shop.write(lambda uow: planning.found_again(uow, "RR-0004", actor=BERND))


def _station_and_clock(shop: Shop) -> None:
    shop.pass_time(1)
    shop.fail(OP10)
    shop.pass_time(10)
    shop.read(OP20)
    shop.read(NUT)
    shop.settle(shop.owners[OP10].tick(shop.clock.now()))
    shop.pass_time(30)
    shop.read(OP10, **shop.shown[OP10])
    shop.read(OP20)
    shop.read(NUT)
    for second in range(4):  # a device that can't be judged, though its station is read
        shop.pass_time(1)
        shop.read(OP20, **{"rejected": Reason.DEVICE_ERROR} if second == 0 else {})
        shop.settle(shop.owners[OP20].tick(shop.clock.now()))
    shop.read(OP20, rejected=False)
    frozen_since = shop.clock.now()
    shop.pass_time(6)
    hole = Hole(begins_at=frozen_since, ends_at=shop.clock.now())
    shop.write(lambda uow: note_holes(uow, (hole,)))
    before = shop.clock.now()
    shop.clock.step_wall(timedelta(seconds=-1.25))
    step = shop.clock.reanchor()
    for owner in shop.owners.values():
        owner.shift(step)
    shop.write(lambda uow: note_clock_step(uow, before, step))
    _messages(shop)
    _pulse(shop)
    shop.write(lambda uow: say_not_reached(uow, "andon"))
    shop.pass_time(30)
    shop.write(lambda uow: say_reached(uow, "andon"))
    _silenced(shop)


def _pulse(shop: Shop) -> None:
    """How long a station's rejections last is learnt, and confirmed."""
    station, signal = shop.plant.station(StationId(OP10)), SignalName("rejected")
    cycles = tuple(Cycle(at_least_s=0.3 + n / 100, at_most_s=0.6 + n / 100) for n in range(SAMPLE))
    so_far = PulseNews(station=station, signal=signal, cycles=cycles[:1], why=None)
    shop.write(lambda uow: pulse_learning.keep(uow, shop.plant, so_far))
    news = replace(so_far, cycles=cycles, why=PulseWhy.LEARNT)
    proposed = shop.write(lambda uow: pulse_learning.keep(uow, shop.plant, news))
    assert proposed is not None
    shop.write(
        lambda uow: pulse_learning.decide(
            uow,
            shop.plant,
            station.id,
            signal,
            proposed_entry=proposed.proposed_entry,
            confirmed=True,
            actor=BERND,
        )
    )


def _plans(shop: Shop) -> None:
    """A revision of the plan is stored, approved and takes effect; others are held back, discarded, superseded."""
    difference = PlanDifference(
        code="schedule",
        check_id=TORQUE,
        params={"before": "every shift start", "after": "on demand"},
    )

    def stored(digest: str, revision: str) -> Fact:
        return PlanRevisionStored(
            digest=digest,
            number="CP-1",
            revision=revision,
            origin=PlanOrigin.IMPORT,
            content=f"revision: {revision}\n",
            source_file="plan.xlsx",
            source_digest="e" * 64,
            compared_with="CP-1 rev A",
            difference=(difference,),
            answers={
                TORQUE: "on demand is meant",
                "symbol ◆": {"words": "CC", "of_entry": 7},
            },
        )

    at = shop.clock.now() + timedelta(hours=8)
    form = PlanFormAnswered(form_digest="a" * 64, answers={"symbol ◆": "CC"})
    told: list[Fact] = [form, stored("1" * 64, "C"), stored("2" * 64, "D")]
    for digest in ("1" * 64, "2" * 64):
        elsewhere = {
            "elsewhere_number": "DOC-77",
            "elsewhere_on": date(2026, 3, 2),
            "elsewhere_digest": "f" * 64,
        }
        told.append(PlanRevisionApproved(digest=digest, **elsewhere))  # type: ignore[arg-type]  # two kinds of values
        told.append(PlanRevisionScheduled(digest=digest, effective_at=at))
    told += [
        PlanRevisionTookEffect(digest="1" * 64),
        PlanRevisionSuperseded(digest="1" * 64),
        PlanRevisionHeldBack(
            digest="2" * 64, code=HeldBackCode.DOES_NOT_FIT, text="no such device"
        ),
        PlanRevisionDiscarded(digest="2" * 64, reason_text="a typing error"),
    ]
    for fact in told:
        shop.write(lambda uow, fact=fact: record(uow, fact, stream=PLANT_STREAM, actor=ANNA))  # type: ignore[misc]  # because mypy has no type for a default of a lambda


def _messages(shop: Shop) -> None:
    """A message that the andon refused is given up."""
    waiting = shop.database.read_now(lambda reader: reader.waiting_deliveries("andon", 1))
    alarm = AlarmId(json.loads(waiting[0].payload)["alarm_id"])
    number = waiting[0].outbox_id
    shop.write(lambda uow: uow.mark_parked(number, "andon", ParkedReason.REFUSED, "answered 400"))
    shop.write(lambda uow: messaging.drop(uow, alarm, "andon", actor=BERND))


ADMINISTRATOR, LEADER = PersonId("p-0001"), PersonId("p-0002")
BADGE = BadgeId("5b" * 32)


def _people(shop: Shop) -> None:
    """People are registered, and get what they act with; all of it is taken away again."""
    anna = Actor(id=ADMINISTRATOR, how=How.PASSWORD)
    until = shop.clock.now() + timedelta(days=30)
    known = PersonRegistered(
        person_id=ADMINISTRATOR,
        name=ANNA.id,
        language=PersonLanguage.ZH,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=None,
    )
    _tell(shop, AGENT, known)
    grant = RoleGranted(
        grant_id=GrantId("g-0001"),
        person_id=ADMINISTRATOR,
        role=Role.ADMINISTRATOR,
        line=None,
        from_at=shop.clock.now(),
        until_at=None,
        deputy_for=None,
    )
    _tell(shop, AGENT, grant)
    leader = replace(known, person_id=LEADER, name=BERND.id, expires_at=until)
    _tell(
        shop,
        anna,
        leader,
        PersonChanged(
            **{field.name: getattr(leader, field.name) for field in fields(leader)}
            | {"name": CARLA.id}
        ),
        replace(
            grant,
            grant_id=GrantId("g-0002"),
            person_id=LEADER,
            role=Role.SHIFT_LEADER,
            line="line1",
            until_at=until,
            deputy_for=ADMINISTRATOR,
        ),
        RoleRevoked(grant_id=GrantId("g-0002")),
        PersonDisabled(person_id=LEADER),
        PersonEnabled(person_id=LEADER),
    )
    _signed(shop, anna)
    _their_means(shop, anna, until)
    run = shop.find(RunRecord)[0]
    unqualified = RunUnqualified(run_id=run.run_id, gap=QualificationGap.MISSING)
    shop.write(lambda uow: record(uow, unqualified, stream=run.line, actor=anna))


def _signed(shop: Shop, actor: Actor) -> None:
    """Somebody signs a part that was quarantined, as it stands; later it is released, and the signature stands no more.

    That somebody approves it was waited for in vain.
    """
    part = shop.write(lambda uow: planning.quarantine(uow, "RR-0003", reason="dented", actor=BERND))
    shop.write(lambda uow: _sign(shop, uow, part.entry, actor))
    asked = ApprovalAsked(
        entry=part.entry,
        act=Approvable.RELEASE_PART,
        subject=Subject.PART,
        subject_id=part.part_id,
        mode=ApprovalMode.AFTER,
        due_at=shop.clock.now(),
    )
    shop.write(lambda uow: record(uow, asked, stream=part.stream, actor=actor))
    shop.write(tell_overdue)
    shop.write(lambda uow: planning.quarantine(uow, "RR-0003", reason="cracked", actor=BERND))
    again = QuarantinePart(part_id=PartId("RR-0003"), reason="cracked")
    shop.write(lambda uow: after_act(uow, shop.plant, again, BERND))
    _requested(shop, actor)


def _requested(shop: Shop, actor: Actor) -> None:
    """Somebody asks four times to release that part: it is refused, withdrawn, changed meanwhile, and carried out."""
    part_id = PartId("RR-0003")
    asking = replace(actor, id=str(LEADER))
    before = ApprovalRules(modes={Approvable.RELEASE_PART: ApprovalMode.BEFORE})
    plant = replace(shop.plant, people=PeopleRules(approval=before))
    release = ReleasePart(part_id=part_id)

    def ask() -> ApprovalRecord:
        request = shop.write(lambda uow: requesting.ask_first(uow, plant, release, asking))
        assert request is not None
        return request

    entry = ask().of_entry
    shop.write(lambda uow: requesting.refuse(uow, entry, reason="still dented", actor=actor))
    entry = ask().of_entry
    shop.write(lambda uow: requesting.withdraw(uow, entry, actor=asking))
    ask()
    shop.write(lambda uow: planning.quarantine(uow, part_id, reason="bent", actor=BERND))
    entry = ask().of_entry

    def approve(uow: UnitOfWork) -> None:
        _sign(shop, uow, entry, actor, Meaning.APPROVED)
        planning.release(uow, part_id, actor=asking)
        part = recorded(uow, ChallengePartRecord, part_id)
        carried_out = ApprovalCarriedOut(entry=entry, done_entry=part.entry)
        record(uow, carried_out, stream=part.stream, actor=AGENT)

    shop.write(approve)
    shop.write(lambda uow: planning.quarantine(uow, part_id, reason="cracked", actor=BERND))


def _sign(
    shop: Shop, uow: UnitOfWork, entry: int, actor: Actor, meaning: Meaning = Meaning.REVIEWED
) -> SignatureRecord:
    text = text_to_sign(uow, shop.plant, signable_at(uow, entry), "zh")
    steady_s = shop.clock.steady_s()
    asked = GiveSignature(
        entry=entry,
        leaf_hash=leaf_of(uow, entry),
        meaning=meaning,
        shown=digest_of_text(text),
        language=PersonLanguage.ZH,
    )
    shown = Reauthentication(person_id=actor.id, how=actor.how, at=uow.now, steady_s=steady_s)
    return sign(uow, shop.plant, asked, actor, shown=shown, steady_s=steady_s)


def _their_means(shop: Shop, anna: Actor, until: datetime) -> None:
    """Tell of badge, qualification, PIN, screen and token, each given and taken away."""
    skill, screen, token = QualificationId("q-0001"), ScreenId("s-0001"), TokenId("t-0001")
    _tell(
        shop,
        anna,
        BadgeIssued(badge_id=BADGE, person_id=LEADER, provisional_until=until),
        BadgeRevoked(badge_id=BADGE),
        QualificationRecorded(
            qualification_id=skill,
            person_id=LEADER,
            station=OP10,
            device=None,
            check_id=None,
            valid_until=until,
        ),
        QualificationWithdrawn(qualification_id=skill),
        CredentialSet(person_id=LEADER, kind=CredentialKind.PIN),
        CredentialLocked(person_id=LEADER, kind=CredentialKind.PIN),
        CredentialUnlocked(person_id=LEADER, kind=CredentialKind.PIN),
        CredentialRemoved(person_id=LEADER, kind=CredentialKind.PIN),
        LinkGiven(person_id=LEADER),
        StationScreenEnrolled(screen_id=screen, station=OP10, name="tablet 平板"),
        StationScreenRevoked(screen_id=screen),
        TokenIssued(
            token_id=token,
            name="MES",
            person_id=ADMINISTRATOR,
            scopes=(Scope.RUN, Scope.PAUSE),
            line="line1",
            expires_at=until,
        ),
        TokenRevoked(token_id=token),
        WaySet(person_id=LEADER, number=1, kind=WayKind.MAIL),
        WayRemoved(person_id=LEADER, number=1),
    )


def _tell(shop: Shop, actor: Actor, *facts: Fact) -> None:
    for fact in facts:
        shop.write(lambda uow, fact=fact: record(uow, fact, stream=PLANT_STREAM, actor=actor))  # type: ignore[misc]  # because mypy has no type for a default of a lambda


def _silenced(shop: Shop) -> None:
    """What is raised in a silence is told when a person ends it, and when its next step is due."""
    until = shop.clock.now() + timedelta(hours=1)
    silence = shop.write(
        lambda uow: declare_silence(
            uow,
            shop.plant,
            line=None,
            station=None,
            kind=AlarmKind.CLOCK_STEP,
            ends_at=until,
            reason="time server replaced",
            actor=BERND,
        )
    )
    shop.write(lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    shop.pass_time(1)
    leader = Actor(id=LEADER, how=How.BADGE_PIN, station=OP10)
    shop.write(lambda uow: end_silence(uow, silence.silence_id, actor=leader))
    shop.write(take_steps)


def _erased(shop: Shop) -> None:
    """A payload that no record is made of, a person's name and the trace of a run are erased."""
    entries = shop.database.read_now(lambda reader: reader.entries())
    stepped = next(entry.index for entry in entries if entry.type == ClockStepped.TYPE)
    trace = shop.find(RunRecord, Where("signals", "!=", None))[0].signals
    erased = PayloadsErased(
        rule="after_two_years", entries=(stepped,), names=(CARLA.id,), blobs=(trace,)
    )
    shop.write(lambda uow: record(uow, erased, stream=PLANT_STREAM, actor=AGENT))
    shop.pass_time(1)  # of which the records are lost
    lost = HistoryLost(size=7, root="0" * 64, found_size=9, found_root="1" * 64)
    shop.write(lambda uow: accept_loss(uow, lost, ANNA))
    shop.write(note_stream_heads)
    shop.end()
    engine = writer_engine(parsed_url(shop.url))
    with engine.begin() as connection:
        hole = update(LEDGER).where(LEDGER.c.index == stepped).values(salt=None, payload=None)
        connection.execute(hole)
        connection.execute(delete(STATED_NAMES).where(STATED_NAMES.c.id == CARLA.id))
        connection.execute(delete(BLOBS).where(BLOBS.c.digest == trace))
    engine.dispose()
    change_key(
        shop.url,
        clock=shop.clock,
        recording=shop.recording,
        key_path=shop.key,
        record=lambda uow, fact: record(uow, fact, stream=PLANT_STREAM, actor=ANNA),
    )
    shop.begin(FIRST)


def _clock_in_doubt(uow: UnitOfWork) -> None:
    """Say what is said while the clock is a day ahead, and when it is right again."""
    day = timedelta(days=1)
    doubted = ClockDoubted(stepped_at=uow.now, set_to_at=uow.now + day)
    record(uow, doubted, stream="plant", actor=AGENT)
    (doubt,) = open_doubts(uow)
    made = uow.find(OccurrenceRecord, equals("outcome", None))[0]
    reopened = OccurrenceReopened(
        occurrence_id=made.occurrence_id,
        check_id=made.check_id,
        station=made.station,
        device=made.device,
    )
    settled = ClockSettled(doubt=doubt.entry, settled=ClockSettledBy.PERSON)
    record(uow, settled, stream="plant", actor=ANNA)
    record(uow, reopened, stream=made.line, actor=SCHEDULER)
    again = CheckDueAgain(check_id=TORQUE)
    record(uow, again, stream="line1", actor=SCHEDULER)


def _restarts(shop: Shop) -> None:
    shop.start(TORQUE)  # killed in mid-presentation: inconclusive, taken up
    shop.scan(OP10, "RR-0001")
    shop.watch(OP10, 1)
    shop.read(OP10, part_present=True)
    shop.end(killed=True)
    shop.pass_time(20)
    shop.shown[OP10]["part_present"] = False
    shop.begin(FIRST)
    shop.give_back(OP10, "RR-0001")
    shop.confirm(OP10)
    shop.start(SEAL)  # under way when the configuration loses its check
    shop.scan(OP20, "RR-0002")
    shop.seal_part()
    shop.end()
    shop.pass_time(14 * 3600)  # nobody watches: what comes due then is made later
    with TemporaryDirectory() as folder:
        _second_configuration(Path(folder))
        shop.begin(Path(folder))
    shop.wait(60)
    anew = CheckDueAnew(check_id=TORQUE)  # as after a change of its line's calendar
    shop.write(lambda uow: record(uow, anew, stream="line1", actor=CONFIGURATION))
    shop.write(_clock_in_doubt)
    shop.write(lambda uow: planning.release(uow, "RR-0003", actor=ANNA))
    shop.write(lambda uow: planning.found_again(uow, "RR-0002", actor=ANNA))
    shop.start(BRACKET)
    shop.tell(NUT, "variant", "left")
    shop.scan(NUT, "RR-0003")
    shop.settle(shop.owners[NUT].tap(actor=ANNA, now=shop.clock.now()))
    shop.pass_time(1)
    shop.read(NUT, rejected=True, part_count=502)
    shop.pass_time(1)
    shop.read(NUT, rejected=False)
    shop.give_back(NUT, "RR-0003")
    shop.tell(NUT, "variant", "right")
    shop.scan(NUT, "RR-0002")  # at home on line 1
    shop.settle(shop.owners[NUT].tap(actor=ANNA, now=shop.clock.now()))
    shop.pass_time(1)
    shop.read(NUT, rejected=True, part_count=503)
    shop.pass_time(1)
    shop.read(NUT, rejected=False)
    shop.give_back(NUT, "RR-0002")
    shop.confirm(NUT)
    shop.start(TORQUE)  # the last run stays under way, its part before the device
    shop.scan(OP10, "RR-0001")
    shop.watch(OP10, 1)
    shop.read(OP10, part_present=True)
    shop.end(killed=True)


def _second_configuration(folder: Path) -> None:
    """Without the camera's station and check and the spare part; a part and a check changed.

    Line 2 has a second part to verify, which is at home on line 1, and asks for the variant.
    """
    files = read_configuration(FIRST)[1]
    head, _, rest = files["control_plan.yaml"].partition(f"  {SEAL}:")
    plan = head + rest[rest.index(f"  {BRACKET}:") :]
    plan = plan.replace("revision: A", "revision: B").replace("daily at 09:00", "daily at 09:30")
    head, _, rest = files["plant.yaml"].partition("  RR-0004:")
    plant = head + rest[rest.index("notifications:") :]
    plant = plant.replace("storage: drawer A2", "storage: drawer A5")
    plan = plan.replace("parts: [RR-0003]", "parts: [RR-0003, RR-0002]")
    del files["line1-op20.yaml"]
    nut = files["line2-op10.yaml"].replace("[nut_missing]", "[nut_missing, seal_missing]")
    nut = nut.replace("devices:", "says: {variant: {tap: [left, right]}}\ndevices:")
    changed = {"control_plan.yaml": plan, "plant.yaml": plant, "line2-op10.yaml": nut}
    for name, text in (files | changed).items():
        (folder / name).write_text(text, encoding="utf-8")


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def records(reader: Reader) -> dict[str, list[dict[str, object]]]:
    """Return all records of all tables as plain values, in order of their keys."""
    told: dict[str, list[dict[str, object]]] = {}
    for kind, table in TABLES.items():
        found = sorted(reader.find(kind), key=attrgetter(*KEYS[kind]))
        told[table] = [
            {each.name: plain(getattr(record, each.name)) for each in fields(record)}
            for record in found
        ]
    return told


def _line(stored: StoredEntry) -> bytes:
    """Return what is kept of an entry as one line; its leaf stands in it as it is."""
    salt = "null" if stored.salt is None else f'"{stored.salt.hex()}"'
    payload = b"null" if stored.payload is None else stored.payload
    return b'{"entry":%s,"payload":%s,"salt":%s}' % (stored.raw, payload, salt.encode())


def written(reader: Reader, folder: Path, name: str) -> None:
    """Write what a database holds as texts: the ledger's lines, its checkpoint, the records."""
    lines = [_line(reader.stored_entry(index)) for index in range(reader.head().size)]
    (folder / f"{name}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (folder / f"{name}.checkpoint").write_text(reader.head().checkpoint, encoding="utf-8")
    text = json.dumps(records(reader), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / f"{name}.records.json").write_text(text + "\n", encoding="utf-8")


def main(url: str, key: str, folder: str, name: str) -> None:
    """Make the database and write what it holds."""
    play(Shop(url, Path(key)))
    with open_for_reading(url) as database:
        database.read_now(lambda reader: written(reader, Path(folder), name))


if __name__ == "__main__":
    main(*sys.argv[1:])
