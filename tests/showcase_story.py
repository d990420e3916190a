"""The showcase plant's morning, told by commands: every status of D10 that there is one for."""

from typing import TypeVar

from redrabbit.domain import acts
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.facts.plan_revision import PlanDifference, PlanOrigin, PlanRevisionStored
from redrabbit.domain.identity import SERVER, ContainmentId, LineId, OccurrenceId, RunId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.observation import Value
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.run_questions import parts_of
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.ports import equals
from redrabbit.services.receiver_alarms import ReceiverAlarms
from redrabbit.services.record_fact import record
from tests.served import ServedPlant, SettableClock, who
from tests.showcase import DEVICES, NOW, READS_CODES, at, device_id, showcase_plant

R = TypeVar("R", bound=Record)

ANNA = "badge 2207"
LI_WEI = "Li Wei"
CHEN_JIE = "Chen Jie"
BEGIN = at(-512)
"""Half past five: the agent is started before the early shift."""
IDLE: dict[str, Value] = {
    "part_present": False,
    "nok": False,
    "ok": False,
    "reject_code": 0,
    "torque": 0.0,
    "part_count": 1268,
    "part_code": "",
}
ANSWERS: dict[str, dict[str, Value]] = {
    "detected": {"nok": True, "reject_code": 12},
    "missed": {"ok": True},
    "accepted": {"ok": True},
    "false_reject": {"nok": True, "reject_code": 12},
    "wrong_reject_code": {"nok": True, "reject_code": 31},
}
"""What the station shows for each verdict."""
NEVER = {"line3-op50", "line1-op60"}
"""Never verified; of the second one the part has expired."""
REPAIRED, LOST = "line1-op40", StationId("line4-op10")
EXCUSED, LAPSES = "line4-op50", "line3-op20"
REJECTED, CUT_OFF, GIVEN_UP = "line3-op40", "line4-op20", "line4-op30"
MISSED = READS_CODES
OVERDUE, DUE, OPEN = "line2-op40", "line4-op40", "line1-op30"
SILENT_RUN, MISSED_RUN = "line1-R-1", "line2-R-7"
CUT_OFF_RUN, GIVEN_UP_RUN = "line4-R-6", "line4-R-7"
CLOSED_CASE, OPEN_CASE = "line1-C-1", "line2-C-1"
OCCURRENCES = {
    "open": ["line1-O-1"],
    "passed": ["line2-O-1", "line2-O-3"],
    "overdue": ["line2-O-2"],
    "lapsed": ["line3-O-1"],
    "excused": ["line4-O-1"],
    "due": ["line4-O-2"],
}
"""The ids that the story gives them; `tests/web/test_pages.py` looks that it does."""
STILL_OPEN, DISOWNED = "line2-op40", "line3-op40"
"""Where, in `runs_in_every_state`, a quick person waits for the station."""
DRAFT = PlanRevisionStored(
    digest="d7" * 32,
    number="CP-204",
    revision="G",
    origin=PlanOrigin.IMPORT,
    content="control_plan: CP-204\nrevision: G\n",
    source_file="CP-204 rev G.xlsx",
    source_digest="e9" * 32,
    compared_with="CP-204 rev F",
    difference=(
        PlanDifference(
            code="schedule",
            check_id="line1-op20",
            params={"before": "every shift start", "after": "every shift start + after changeover"},
        ),
        PlanDifference(
            code="grace", check_id="line1-op30", params={"before": "30 min", "after": "20 min"}
        ),
    ),
    answers={"Plan!C9": "sheet 03"},
)
"""A revision of the control plan that somebody brought."""
SILENT_S = 5.0
"""Longer than any device here may take to answer."""


class Showcase(ServedPlant):
    """The showcase plant, and where its records are found by what they are about."""

    def __init__(self, clock: SettableClock, plant: Plant | None = None) -> None:
        super().__init__(plant or showcase_plant(), clock, IDLE)
        self.runs: dict[str, RunId] = {}
        """Id of the run that is told of each device last."""

    def occurrence(self, check: str) -> OccurrenceId:
        """Return the id of the check's latest occurrence."""
        found = self.ask(lambda r: r.find(OccurrenceRecord, equals("check_id", check)))
        return found[-1].occurrence_id

    async def ask_for(self, act: acts.Act[R], name: str) -> R:
        """Do what a person asks who states this name."""
        return await self.service.do(act, await self.service.stated(name))

    async def begin(self, check: str, *, case: str | None = None, by: str = ANNA) -> RunRecord:
        """Start a run."""
        await self.show(check)
        run = await self.start(check, by, case=case)
        self.runs[check] = run.run_id
        return run

    async def present(self, run: RunRecord, part: str, verdict: str, seconds: float) -> None:
        """Take a part, present it, and let the device answer."""
        await self.take(run, part)
        await self.put_on(run, part)
        for torque in (1.4, 2.6, 3.1):
            await self.answer(run, 0.2, torque=torque)
        await self.answer(run, seconds - 0.6, **ANSWERS[verdict])
        await self.take_off(run)

    async def verify(
        self, check: str, *, case: str | None = None, seconds: float = 1.8, by: str = ANNA
    ) -> RunRecord:
        """Make a run that passes."""
        run = await self.begin(check, case=case, by=by)
        for part, verdict in zip(parts_of(run), ("detected", "accepted"), strict=True):
            await self.present(run, part, verdict, seconds)
            await self.give_back(run, part)
        return await self.confirm(run)

    async def run_up_to_return(self, check: str, verdict: str, *, by: str = ANNA) -> RunRecord:
        """Make a run whose first part was judged and is still out; by silence or a cut, too."""
        run = await self.begin(check, by=by)
        part = parts_of(run)[0]
        if verdict in ANSWERS:
            await self.present(run, part, verdict, 1.8)
            return run
        await self.take(run, part)
        await self.put_on(run, part)
        if verdict == "silent":
            await self.answer(run, SILENT_S)
        else:
            for _ in range(8):
                self.clock.jump(0.5)
                await self.fail(check)
        await self.take_off(run)
        return run


async def told(showcase: Showcase) -> Showcase:
    """Tell the morning, up to five past two."""
    await showcase.open()
    await _repair_of_a_miss(showcase)
    await _morning(showcase)
    await showcase.pass_to(at(-310))
    await showcase.ask_for(
        acts.Excuse(
            occurrence_id=showcase.occurrence(EXCUSED), reason="Line stood still, no material"
        ),
        CHEN_JIE,
    )
    await _afternoon(showcase)
    await showcase.ask_for(
        acts.DeclarePause(
            line=LineId("line3"),
            begins_at=at(200),
            ends_at=at(440),
            reason="Maintenance of the washer",
        ),
        CHEN_JIE,
    )
    await showcase.pass_to(NOW)
    await _messages(showcase)
    await showcase.write(lambda uow: record(uow, DRAFT, stream=PLANT_STREAM, actor=SERVER))
    return showcase


async def _messages(showcase: Showcase) -> None:
    """Two messages wait for the andon, which is not reached; two were not taken by the office."""
    for message in (await showcase.outbox.waiting("andon", 100))[:-2]:
        await showcase.outbox.delivered(message.outbox_id, "andon")
    first, second, *others = await showcase.outbox.waiting("quality-office", 100)
    said = 'answered 422 Unprocessable Content: {"detail": "unknown device line1-op20"}'
    await showcase.outbox.parked(
        first.outbox_id, "quality-office", ParkedReason.OTHERS_TAKEN, "answered 500"
    )
    await showcase.outbox.parked(second.outbox_id, "quality-office", ParkedReason.REFUSED, said)
    for message in others:
        await showcase.outbox.delivered(message.outbox_id, "quality-office")
    await ReceiverAlarms(showcase, showcase.agent.note_commit).begin("andon")


async def _repair_of_a_miss(showcase: Showcase) -> None:
    """Miss by silence before anything was good, work the case off, and verify again."""
    run = await showcase.run_up_to_return(REPAIRED, "silent")
    await showcase.give_back(run, parts_of(run)[0])
    await showcase.confirm(run)
    showcase.runs["silent"] = run.run_id
    case = ContainmentId(CLOSED_CASE)
    await showcase.ask_for(acts.RecordStop(containment_id=case), LI_WEI)
    for step in range(4):
        await showcase.ask_for(acts.TickReaction(containment_id=case, step=step), LI_WEI)
    await showcase.ask_for(
        acts.RecordRepair(containment_id=case, repair=RepairCode.SENSOR_MOVED, text=None), LI_WEI
    )
    await showcase.verify(REPAIRED, case=case)
    await showcase.ask_for(acts.CloseContainment(containment_id=case), CHEN_JIE)


async def _morning(showcase: Showcase) -> None:
    """Verify every device that can be, one after the other."""
    for line, operation, _, _ in DEVICES:
        check = device_id(line, operation)
        if check not in NEVER:
            await showcase.verify(check, seconds=0.8 if check == MISSED else 1.8)


async def _afternoon(showcase: Showcase) -> None:
    await showcase.pass_to(at(-40))
    run = await showcase.begin(REJECTED)
    rabbit, good = parts_of(run)
    await showcase.present(run, rabbit, "detected", 1.2)
    await showcase.give_back(run, rabbit)
    await showcase.present(run, good, "false_reject", 1.4)
    await showcase.give_back(run, good)
    await showcase.confirm(run)
    await showcase.pass_to(at(-34))
    showcase.unread.add(LOST)
    await showcase.pass_to(at(-27))
    await showcase.verify("line2-op10")
    await showcase.pass_to(at(-25))
    run = await showcase.run_up_to_return(CUT_OFF, "link_lost")
    await showcase.give_back(run, parts_of(run)[0])
    await showcase.confirm(run)
    await showcase.pass_to(at(-20))
    run = await showcase.begin(GIVEN_UP)
    await showcase.abort(run, "fixture busy")
    await showcase.pass_to(at(-14))
    await _miss(showcase)


async def _miss(showcase: Showcase) -> None:
    """Miss, and detect when it is shown again: the first presentation decides (L10)."""
    for station in showcase.agent.queues:
        if station != LOST:
            await showcase.show(station, part_count=1482)
    run = await showcase.begin(MISSED)
    rabbit = parts_of(run)[0]
    await showcase.present(run, rabbit, "missed", 2.1)
    await showcase.put_on(run, rabbit)
    await showcase.answer(run, 1.9, **ANSWERS["detected"])
    await showcase.take_off(run)
    await showcase.give_back(run, rabbit)
    await showcase.confirm(run)
    case = ContainmentId(OPEN_CASE)
    await showcase.ask_for(acts.RecordStop(containment_id=case), LI_WEI)
    await showcase.ask_for(acts.TickReaction(containment_id=case, step=0), LI_WEI)


async def runs_in_every_state(showcase: Showcase) -> None:
    """Begin a run in each state, with each verdict, each at a station of its own."""
    detected = await showcase.run_up_to_return("line2-op10", "detected")
    assert detected.run_id
    await showcase.run_up_to_return("line2-op30", "missed")
    await showcase.run_up_to_return("line3-op10", "link_lost")
    await showcase.run_up_to_return("line3-op30", "wrong_reject_code")
    confirming = await showcase.begin("line4-op30")
    for part, verdict in zip(parts_of(confirming), ("detected", "accepted"), strict=True):
        await showcase.present(confirming, part, verdict, 1.8)
        await showcase.give_back(confirming, part)
    rejected = await showcase.run_up_to_return("line4-op50", "detected")
    rabbit, good = parts_of(rejected)
    await showcase.give_back(rejected, rabbit)
    await showcase.present(rejected, good, "false_reject", 1.4)
    stopped = await showcase.begin("line4-op40")
    await showcase.take(stopped, parts_of(stopped)[0])
    await showcase.abort(stopped, "dropped")
    for check in ("line1-op40", "line1-op50"):
        armed = await showcase.begin(check)
        await showcase.take(armed, parts_of(armed)[0])
    await showcase.begin("line1-op20")
    presented = await showcase.begin("line1-op30")
    await showcase.take(presented, parts_of(presented)[0])
    await showcase.put_on(presented, parts_of(presented)[0])
    disowned = await showcase.begin(DISOWNED)
    await showcase.take(disowned, parts_of(disowned)[0])
    still_open = await showcase.run_up_to_return(STILL_OPEN, "detected")
    back = acts.GiveBackPart(run_id=still_open.run_id, code=parts_of(still_open)[0])
    await showcase.service.do(back, who(still_open))
    await showcase.put_on(disowned, parts_of(disowned)[0])
    await showcase.service.do(acts.SayNotThePart(run_id=disowned.run_id), who(disowned))
    for station in showcase.agent.queues:
        if station != LOST:
            await showcase.show(station)
    showcase.agent.tick(showcase.clock.now())


async def cases_in_every_state(showcase: Showcase) -> None:
    """Beside the open case of the morning: one repaired, one verified again, one just missed.

    One check was given up for the third time in a row, another one once.
    """
    for check in ("line1-op20", "line1-op50"):
        run = await showcase.run_up_to_return(check, "missed")
        await showcase.give_back(run, parts_of(run)[0])
        await showcase.confirm(run)
    repaired, verified = ContainmentId("line1-C-2"), ContainmentId("line1-C-3")
    await showcase.ask_for(acts.RecordStop(containment_id=verified), LI_WEI)
    for step in range(3):
        await showcase.ask_for(acts.TickReaction(containment_id=verified, step=step), LI_WEI)
    for case, repair, text in (
        (repaired, RepairCode.LENS_CLEANED, None),
        (verified, RepairCode.OTHER, "Light replaced"),
    ):
        await showcase.ask_for(
            acts.RecordRepair(containment_id=case, repair=repair, text=text), LI_WEI
        )
    await showcase.verify("line1-op50", case=verified)
    await showcase.run_up_to_return("line2-op30", "silent")
    for check in (GIVEN_UP, GIVEN_UP, "line1-op40"):
        await showcase.abort(await showcase.begin(check), "no time")
    for station in showcase.agent.queues:
        if station != LOST:
            await showcase.show(station)
    showcase.agent.tick(showcase.clock.now())
