"""The one door for what people do: who it is, whether they may, once only, and then the command.

Every act passes here (D22). Permission and idempotency are asked inside the command, in its own
transaction (D47): an act that comes with a key is done once, and asked again it gets the first answer,
whatever has happened since (D65). A refusal that is recorded (B25) is such an answer, too. Acts on a run under way, and starts, go through the queue before
their station; all others straight to the database.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from redrabbit.domain import acts, calendar_acts, plan_acts
from redrabbit.domain.acts import Act
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.containment import WindowEnd
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor, StationId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.people_acts import ActOnPeople
from redrabbit.domain.plant import Plant
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.domain.records import ContainmentRecord, PulseRecord, RunRecord
from redrabbit.domain.run import Disowned, SaidHeld
from redrabbit.services import (
    approving,
    changing_calendar,
    containing,
    explaining,
    messaging,
    plan_revisions,
    planning,
    plant_events,
    pulse_learning,
    remarking,
    requesting,
    signing,
    silencing,
)
from redrabbit.services.agent import Agent
from redrabbit.services.containing import EndTold
from redrabbit.services.done_once import Asked, Seen, answer_of, once
from redrabbit.services.elsewhere import refuse_elsewhere
from redrabbit.services.kept_answers import answer_refused, answer_with
from redrabbit.services.pending import Pending
from redrabbit.services.people_commands import PEOPLE_COMMANDS
from redrabbit.services.permitting import require
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.settling_clock import confirm_clock
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.station_queue import StationQueue

R = TypeVar("R", bound=Record)

_OF_THE_DOOR: Final = frozenset(
    {
        "key_used_before",
        "known_no_longer",
        "no_such_station",
        "not_permitted",
        "not_permitted_on_all_lines",
        "not_permitted_on_line",
        "other_station",
        "person_required",
        "run_changed",
        "scope_missing",
    }
)
"""Refusals that say nothing about the scan."""


class Door:
    """Carries acts out; each is committed before it is answered.

    Raises Refusal when the rules say no, and StoreTrouble when the database can't.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def do(
        self,
        act: Act[R],
        actor: Actor,
        key: str | None = None,
        *,
        seen: Seen = None,
        shown: Reauthentication | None = None,
        names: tuple[StatedName, ...] = (),
    ) -> R:
        """Do what a person asks and return the record that it changed.

        `key` is the asker's own: asked again with it, the act is not done again and the first answer
        is returned. Refused where the key was used for something else. `seen` is asked of an act on a
        run: refused where the run has none of these versions any more. `shown` is by what they have just shown who
        they are. `names` are those in the act that are not kept yet: they are kept with it.
        """
        asked = Asked(act=act, actor=actor, key=key, seen=seen, shown=shown, names=names)
        if key is not None:
            before = await self._agent.database.read(lambda reader: answer_of(reader, asked))
            if before is not None:
                return cast("R", before)
        try:
            return cast("R", await self._carry(asked))
        except Refusal:
            answered = await self._answered_meanwhile(asked)
            if answered is None:
                raise
            return cast("R", answered)

    async def _answered_meanwhile(self, asked: Asked) -> Record | None:
        """Return the answer given to the same act while this one waited in the queue; else None.

        Two that come at once find no answer both; what the first one did is why the second one is
        refused: the run is closed, the part is taken.
        """
        if asked.key is None:
            return None
        return await self._agent.database.read(lambda reader: answer_of(reader, asked))

    async def _carry(self, asked: Asked) -> Record:
        act = asked.act
        here = asked.actor.station
        if here is not None:
            await self._agent.database.read(
                lambda reader: refuse_elsewhere(reader, self._agent.in_force(reader), act, here)
            )
        if isinstance(act, acts.StartRun):
            return await self._start(act, asked)
        if isinstance(act, acts.ScanPart | acts.GiveBackPart):
            return await self._scanned(act, asked)
        if isinstance(act, acts.ActOnRun):
            return await self._on_run(act, asked)
        count = await self._count(act)
        result = await self._agent.database.write(
            _once(asked, self._agent.in_force, lambda uow: self._commanded(uow, act, asked, count))
        )
        self._agent.note_commit()
        if isinstance(result, PulseRecord):
            self._agent.note_pulse(result)
        return result

    def _commanded(
        self, uow: UnitOfWork, act: Act[Any], asked: Asked, count: PartCount | None
    ) -> Record:
        plant = self._agent.in_force(uow)
        if isinstance(act, ActOnPeople):
            return PEOPLE_COMMANDS[type(act)](uow, plant, act, asked.actor)
        if isinstance(act, acts.GiveSignature):
            steady_s = self._agent.clock.steady_s()
            signature = signing.sign(
                uow, plant, act, asked.actor, shown=asked.shown, steady_s=steady_s
            )
            requesting.carry_out(
                uow,
                plant,
                act.entry,
                lambda work, of, by: COMMANDS[type(of)](work, plant, of, by, None),
            )
            return signature
        request = requesting.ask_first(uow, plant, act, asked.actor)
        if request is not None:
            return request
        done = COMMANDS[type(act)](uow, plant, act, asked.actor, count)
        approving.after_act(uow, plant, act, asked.actor)
        return done

    async def _start(self, act: acts.StartRun, asked: Asked) -> RunRecord:
        try:
            check = self._agent.plant.check(act.check_id)
        except KeyError:
            raise Refusal("no_such_check", check=act.check_id) from None
        await self._agent.catch_up.finish_one(check.id)
        queue = self._agent.queues[check.station]
        return await queue.act(
            lambda: _with_door(
                queue.owner.start(
                    check_id=act.check_id,
                    occurrence_id=act.occurrence_id,
                    containment_id=act.containment_id,
                    actor=asked.actor,
                    now=self._agent.clock.now(),
                ),
                asked,
                self._agent.in_force,
            )
        )

    async def _scanned(self, act: acts.ScanPart | acts.GiveBackPart, asked: Asked) -> RunRecord:
        try:
            return await self._on_run(act, asked)
        except Refusal as refusal:
            if refusal.code in _OF_THE_DOOR:
                raise
            if await self._answered_meanwhile(asked) is not None:
                raise  # nobody scanned again
            await self._keep_refused(act, asked, refusal)
            raise

    async def _keep_refused(
        self, act: acts.ScanPart | acts.GiveBackPart, asked: Asked, refusal: Refusal
    ) -> None:
        """Record a refused scan once under its key (B25); Refusal where the door is shut to it."""

        def move() -> Pending:
            kept = _of_run(queue, act).refused(act.code.strip(), refusal, asked.actor)
            return _with_door(kept, asked, self._agent.in_force, lambda _: answer_refused(refusal))

        try:
            queue = await self._queue(act)
            await queue.act(move)
        except Refusal as later:
            if later.code in _OF_THE_DOOR:
                raise
            # recorded by the same act meanwhile, or the run was closed: nothing to keep it with

    async def _on_run(self, act: acts.ActOnRun, asked: Asked) -> RunRecord:
        queue = await self._queue(act)
        now = self._agent.clock.now
        return await queue.act(
            lambda: _with_door(
                MOVES[type(act)](_of_run(queue, act), act, asked.actor, now()),
                asked,
                self._agent.in_force,
            )
        )

    async def _queue(self, act: acts.ActOnRun) -> StationQueue:
        """Return the queue of the run's station; Refusal where there is none."""
        for busy in self._agent.queues.values():  # most acts are on a run under way
            if busy.owner.run is not None and busy.owner.run.id == act.run_id:
                return busy
        run = await self._agent.database.read(lambda reader: reader.get(RunRecord, act.run_id))
        if run is None:
            raise Refusal("no_such_run", run=act.run_id)
        queue = self._agent.queues.get(StationId(run.station))
        if queue is None:
            raise Refusal("no_such_station", station=run.station)
        return queue

    async def _count(self, act: Act[Any]) -> PartCount | None:
        """Return what the case's station has counted now, where an act ends its suspect window."""
        if not isinstance(act, acts.RecordStop | acts.RecordAlternate):
            return None
        case = await self._agent.database.read(
            lambda reader: reader.get(ContainmentRecord, act.containment_id)
        )
        queue = self._agent.queues.get(StationId(case.station)) if case is not None else None
        return (
            queue.owner.production.counting.at(self._agent.clock.now())
            if queue is not None
            else None
        )


def _once(
    asked: Asked,
    in_force: Callable[[UnitOfWork], Plant],
    command: Callable[[UnitOfWork], R],
    answered: Callable[[R], str] = answer_with,
) -> Callable[[UnitOfWork], R]:
    """Return the command behind the door: permitted, and under its key done once."""

    def permit(uow: UnitOfWork) -> None:
        require(uow, in_force(uow), asked.act, asked.actor, uow.now)

    return once(asked, permit, command, answered)


def _with_door(
    pending: Pending,
    asked: Asked,
    in_force: Callable[[UnitOfWork], Plant],
    answered: Callable[[RunRecord], str] = answer_with,
) -> Pending:
    """Return the move with its command behind the door.

    A repeated act whose first answer is found only here, inside the transaction, moves nothing.
    """
    moved: list[bool] = []

    def command(uow: UnitOfWork) -> RunRecord:
        moved.clear()

        def carry(work: UnitOfWork) -> RunRecord:
            result = pending.command(work)
            assert result is not None  # noqa: S101  every act is about a run
            moved.append(True)
            return result

        return _once(asked, in_force, carry, answered)(uow)

    def settle() -> None:
        if moved:
            pending.settle()

    return Pending(command=command, settle=settle)


def _of_run(queue: StationQueue, act: acts.ActOnRun) -> StationOwner:
    if queue.owner.run is None or queue.owner.run.id != act.run_id:
        raise Refusal("run_closed", run=act.run_id)
    return queue.owner


MOVES: Mapping[type[Act[Any]], Callable[[StationOwner, Any, Actor, Any], Pending]] = {
    acts.ScanPart: lambda owner, act, by, now: owner.scan(act.code.strip(), actor=by, now=now),
    acts.TellOfPart: lambda owner, act, by, now: owner.tell(
        act.of, act.value.strip(), actor=by, now=now
    ),
    acts.SayPresented: lambda owner, _act, by, now: owner.tap(actor=by, now=now),
    acts.SayFeedHeld: lambda owner, _act, by, now: owner.say(SaidHeld(at=now, actor=by)),
    acts.SayNotThePart: lambda owner, _act, by, now: owner.say(Disowned(at=now, actor=by)),
    acts.GiveBackPart: lambda owner, act, by, now: owner.give_back(
        act.code.strip(), actor=by, now=now
    ),
    acts.ConfirmRun: lambda owner, _act, by, now: owner.confirm(actor=by, now=now),
    acts.AbortRun: lambda owner, act, by, now: owner.abort(
        planning.required_reason(act.reason), actor=by, now=now
    ),
}
"""One row an act on a run under way."""

COMMANDS: Mapping[
    type[Act[Any]], Callable[[UnitOfWork, Plant, Any, Actor, PartCount | None], Record]
] = {
    acts.RemarkOnRun: lambda uow, _plant, act, by, _n: remarking.remark(
        uow, act.run_id, text=act.text, actor=by
    ),
    acts.ExplainLapse: lambda uow, _plant, act, by, _n: explaining.explain_lapse(
        uow, act.occurrence_id, text=act.text, actor=by
    ),
    acts.Excuse: lambda uow, _plant, act, by, _n: planning.excuse(
        uow, act.occurrence_id, reason=act.reason, actor=by
    ),
    acts.DeclarePause: lambda uow, plant, act, by, _n: planning.declare_pause(
        uow,
        plant,
        line=act.line,
        begins_at=act.begins_at,
        ends_at=act.ends_at,
        reason=act.reason,
        actor=by,
    ),
    acts.EndPause: lambda uow, _plant, act, by, _n: planning.end_pause(uow, act.pause_id, actor=by),
    acts.ConfirmClock: lambda uow, _plant, act, by, _n: confirm_clock(uow, act.doubt, actor=by),
    acts.TellEvent: lambda uow, plant, act, by, _n: plant_events.tell(
        uow,
        plant,
        line=act.line,
        station=act.station,
        event=act.event,
        note=act.note,
        actor=by,
    ),
    acts.RecordStop: lambda uow, _plant, act, by, count: containing.end_window(
        uow,
        act.containment_id,
        EndTold(at=act.stopped_at, text=act.reason, box_label=act.box_label),
        count=count,
        actor=by,
    ),
    acts.RecordAlternate: lambda uow, _plant, act, by, count: containing.end_window(
        uow,
        act.containment_id,
        EndTold(end=WindowEnd.ALTERNATE, at=act.began_at, text=act.reason, box_label=act.box_label),
        count=count,
        actor=by,
    ),
    acts.TickReaction: lambda uow, _plant, act, by, _n: containing.tick_reaction(
        uow, act.containment_id, step=act.step, actor=by
    ),
    acts.RecordRepair: lambda uow, _plant, act, by, _n: containing.record_repair(
        uow, act.containment_id, repair=act.repair, text=act.text, actor=by
    ),
    acts.CloseContainment: lambda uow, _plant, act, by, _n: containing.close(
        uow, act.containment_id, actor=by
    ),
    acts.QuarantinePart: lambda uow, _plant, act, by, _n: planning.quarantine(
        uow, act.part_id, reason=act.reason, actor=by
    ),
    acts.ReleasePart: lambda uow, _plant, act, by, _n: planning.release(uow, act.part_id, actor=by),
    acts.FindPart: lambda uow, _plant, act, by, _n: planning.found_again(
        uow, act.part_id, actor=by
    ),
    acts.DecidePulse: lambda uow, plant, act, by, _n: pulse_learning.decide(
        uow,
        plant,
        act.station,
        act.signal,
        proposed_entry=act.proposed_entry,
        confirmed=act.confirmed,
        actor=by,
    ),
    acts.AcknowledgeAlarm: lambda uow, _plant, act, by, _n: planning.acknowledge(
        uow, act.alarm_id, actor=by
    ),
    acts.AcknowledgeAlarms: lambda uow, _plant, act, by, _n: planning.acknowledge_all(
        uow, act.alarm_ids, actor=by
    ),
    acts.SilenceAlarms: lambda uow, plant, act, by, _n: silencing.declare_silence(
        uow,
        plant,
        line=act.line,
        station=act.station,
        kind=act.kind,
        ends_at=act.ends_at,
        reason=act.reason,
        actor=by,
    ),
    acts.EndSilence: lambda uow, _plant, act, by, _n: silencing.end_silence(
        uow, act.silence_id, actor=by
    ),
    acts.TestReceiver: lambda uow, plant, act, by, _n: messaging.test(
        uow, plant, act.receiver, actor=by
    ),
    acts.SendMessageAgain: lambda uow, plant, act, by, _n: messaging.send_again(
        uow, plant, act.alarm_id, act.receiver, actor=by
    ),
    acts.DropMessage: lambda uow, _plant, act, by, _n: messaging.drop(
        uow, act.alarm_id, act.receiver, actor=by
    ),
    calendar_acts.ChangeCalendar: lambda uow, plant, act, by, _n: changing_calendar.change_calendar(
        uow, plant, act, actor=by
    ),
    calendar_acts.TakeBackCalendarChange: lambda uow, _plant, act, by, _n: (
        changing_calendar.take_back(uow, act.line, act.change_number, reason=act.reason, actor=by)
    ),
    plan_acts.ApprovePlan: lambda uow, _plant, act, by, _n: plan_revisions.approve(
        uow, act, actor=by
    ),
    plan_acts.SchedulePlan: lambda uow, plant, act, by, _n: plan_revisions.schedule(
        uow, plant, act.digest, at=act.effective_at, actor=by
    ),
    plan_acts.DiscardPlan: lambda uow, _plant, act, by, _n: plan_revisions.discard(
        uow, act.digest, reason=act.reason, actor=by
    ),
    acts.RefuseApproval: lambda uow, _plant, act, by, _n: requesting.refuse(
        uow, act.entry, reason=act.reason, actor=by
    ),
    acts.WithdrawRequest: lambda uow, _plant, act, by, _n: requesting.withdraw(
        uow, act.entry, actor=by
    ),
}
"""One row an act that goes straight to the database."""
