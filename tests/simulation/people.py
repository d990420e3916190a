"""The people of a simulated shift: one operator at each station, and the quality engineer.

Operators follow what the station page would ask, with their faults and a few whims: abort just when
the part is in, or show a part a second time. The quality engineer repairs what missed, has it
verified again, declares pauses, excuses, quarantines. All from the seed.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, ContainmentId, OccurrenceId, RunId, StationId
from redrabbit.domain.occurrence import RUNNABLE, status
from redrabbit.domain.records import (
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    RunRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.run import Disowned, Run
from redrabbit.domain.run_words import RunState
from redrabbit.domain.schedule import OnDemand
from redrabbit.services import containing, planning
from redrabbit.services.containing import EndTold
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.pending import Pending
from redrabbit.services.ports import equals
from redrabbit.services.pulse_learning import decide
from redrabbit.services.station_owner import StationOwner
from simulators.device import Behaviour, Value, can_be
from simulators.line import StationModel, What, World
from simulators.line_operator import (
    BY_HAND,
    TO_WAIT,
    Act,
    Action,
    Asks,
    DueCheck,
    HumanFault,
    LineOperator,
    Prompt,
    RunShown,
    do_by_hand,
)
from tests.simulation.agenda import Agenda
from tests.simulation.aimed_faults import AimedFaults
from tests.simulation.busy_plant import ASKED_CHECKS
from tests.simulation.product import Commit, Product
from tests.simulation.story import told_by

HUMAN_FAULT_SHARE = 0.2
SICK_SHARE = 0.2
"""Of all steps, those before which the device changes its behaviour for the worse."""
ONE_NEST_SHARE = 0.5
"""Of all sick devices with several nests, those that are blind in one of them."""
ABORT_SHARE, DISOWN_SHARE, AGAIN_SHARE, STICKS_SHARE = 0.04, 0.02, 0.06, 0.03
FEWEST_RUNS = 4
TRIES = 2
"""How often an operator runs one check before leaving it to others."""
TAPPED_SHARE = 0.15
"""Who says that a part is there puts it in at once: of the time that it takes otherwise."""
ESCAPE_WATCH_S = 30.0
UNRECORDED_S = 10.0
"""How long somebody waits before trying again what could not be recorded."""
AGAIN_S, CLOSING_S = 900.0, 1200.0
"""How long the quality engineer takes over another repair, and over the end of a case."""
DECIDING_S = 300.0
"""How long the quality engineer takes over what was learnt of a pulse."""
REFUSED_SHARE = 0.2
"""Of learnt pulses, those that the quality engineer refuses."""
QUALITY = "quality"
"""The name that the quality engineer states."""
SICK = [behaviour for behaviour in Behaviour if behaviour is not Behaviour.HEALTHY]
FAULTY = [fault for fault in HumanFault if fault is not HumanFault.NONE]


class People:
    """Everybody in the plant."""

    def __init__(
        self,
        product: Product,
        world: World,
        agenda: Agenda,
        faults: AimedFaults,
        chance: random.Random,
    ) -> None:
        self.read: Callable[[str], None] = lambda _station: None
        """Has a station read now, as it is all the time in a real plant."""
        self.watch_for: Callable[[str, float], None] = lambda _station, _seconds: None
        """Has a station read for a while, though it has no run."""
        self.watch_closely: Callable[[str, float], None] = lambda _station, _seconds: None
        """Has a station read so often for a while that no part passes it unseen."""
        self.moved: Callable[[str], None] = lambda _station: None
        """Is told that something was said at a station."""
        self.aborted: set[RunId] = set()
        """Runs that somebody gave up, or wanted to; or of which somebody said that it was not the part."""
        self.refusals: Counter[str] = Counter()
        self.not_recorded = 0
        """How often somebody was told that it could not be recorded now."""
        self._product = product
        self._quality = product.stated(QUALITY)
        self._world = world
        self._agenda = agenda
        self._faults = faults
        self._chance = chance
        self._acting: set[str] = set()
        self._tries: Counter[tuple[str, str | None, str | None]] = Counter()
        self._repaired: set[ContainmentId] = set()
        self._asked: list[Check] = []
        """Checks that the quality engineer wants run, though nothing makes them due."""
        self._whims: set[tuple[str, str]] = set()
        self._operators = {
            str(station.id): LineOperator(
                f"operator-{station.id}",
                seed=chance.randrange(1 << 30),
                wrong_code=chance.choice(product.plant.parts).id,
                pace=0.7 + chance.random(),
                fault_for=lambda _check: self._human_fault(),
            )
            for station in product.plant.stations
        }

    def _human_fault(self) -> HumanFault:
        if self._chance.random() >= HUMAN_FAULT_SHARE:
            return HumanFault.NONE
        return self._chance.choice(FAULTY)

    # What operators see

    def look_everywhere(self) -> None:
        """Let everybody look at the page."""
        for station in self._operators:
            self.look(station)

    def look(self, station: str) -> None:
        """Let the operator look at the page and plan the next act."""
        if station in self._acting or not self._product.up:
            return
        prompt = self._prompt(station)
        action = self._whim(prompt) or self._operators[station].next_action(prompt)
        if action is None:
            return
        if action.act is Act.PUT_IN and prompt.run is not None and prompt.run.wants_tap:
            action = replace(action, after_s=TAPPED_SHARE * action.after_s)
        at = self._world.now + timedelta(seconds=action.after_s)
        if action.act in {Act.PUT_IN, Act.TAP}:
            self._faults.perhaps_at(station, at)
        self._busy(station, at, lambda: self._act(station, action, prompt))

    def _busy(self, station: str, until: datetime, then: Callable[[], None]) -> None:
        self._acting.add(station)

        def happen() -> None:
            self._acting.discard(station)
            then()

        self._agenda.at(until, happen)

    def _prompt(self, station: str) -> Prompt:
        run = self._product.owners[station].run
        if run is None:
            return Prompt(due=tuple(self._due(station)))
        return Prompt(run=shown(run, self._world.model(station)))

    def _due(self, station: str) -> list[DueCheck]:
        now, database = self._product.clock.now(), self._product.database
        due = [
            DueCheck(check_id=each.check_id, occurrence_id=each.occurrence_id)
            for each in database.read_now(
                lambda reader: reader.find(
                    OccurrenceRecord, equals("station", station), equals("outcome", None)
                )
            )
            if each.run_id is None and status(each, now) in RUNNABLE
        ]
        due += [
            DueCheck(check_id=check.id, occurrence_id=None)
            for check in self._asked
            if check.station == station and not self._tries[check.id, None, None]
        ]
        due += [
            DueCheck(check_id=case.check_id, occurrence_id=None, containment_id=case.containment_id)
            for case in self._open_cases(station)
            if case.containment_id in self._repaired
        ]
        return [check for check in due if self._tries[_about(check)] < TRIES]

    def _open_cases(self, station: str) -> list[ContainmentRecord]:
        return self._product.database.read_now(
            lambda reader: reader.find(
                ContainmentRecord, equals("station", station), equals("state", "open")
            )
        )

    # What operators do

    def _whim(self, prompt: Prompt) -> Action | None:
        """Give up while the device works, now and then, or say that it is not the part."""
        run = prompt.run
        if run is None or run.asks is not Asks.PRESENTED or (run.run_id, run.part) in self._whims:
            return None
        self._whims.add((run.run_id, run.part))
        drawn = self._chance.random()
        if drawn >= ABORT_SHARE + DISOWN_SHARE:
            return None
        if drawn >= ABORT_SHARE:
            return Action(act=Act.DISOWN, after_s=0.3, run_id=run.run_id)
        return Action(act=Act.ABORT, after_s=0.3, run_id=run.run_id, reason="called away")

    def _act(self, station: str, action: Action, seen: Prompt) -> None:
        if action.act in BY_HAND:
            self._by_hand(station, action)
            return
        if not self._product.up:
            self._busy(station, self._world.now + timedelta(seconds=10), lambda: self.look(station))
            return
        self.read(station)
        if self._prompt(station).run == seen.run:
            self._say(station, action)
        else:
            self.look(station)

    def _by_hand(self, station: str, action: Action) -> None:
        if self._product.up:
            self.read(station)  # as it is polled all the time: what comes now came just after
        busy_s = do_by_hand(action, self._world, station)
        self._operators[station].did(action)
        self.watch_for(station, 5.0)
        following = self._world.model(station).next_station
        while action.act is Act.LET_GO and following is not None:
            self.watch_closely(following, ESCAPE_WATCH_S)
            following = self._world.model(following).next_station
        if action.act is Act.TAKE_OUT and self._chance.random() < AGAIN_SHARE:
            busy_s += self._show_again(station)
        if action.act is Act.PUT_IN and self._chance.random() < STICKS_SHARE:
            self._agenda.at(self._later(1.0), lambda: self._stick(station))
        self._busy(station, self._later(busy_s), lambda: self.look(station))

    def _show_again(self, station: str) -> float:
        """Put the part in a second time before giving it back; return how long that takes."""
        taken = self._world.facts(station, What.TAKEN_OUT)
        code = taken[-1].part if taken else None
        if code is None:
            return 0.0
        lasts_s = 0.5 + 4 * self._chance.random()
        self._agenda.at(self._later(0.5), lambda: self._put_in_again(station, code))
        self._agenda.at(self._later(0.5 + lasts_s), lambda: self._take_out(station))
        return 1.5 + lasts_s

    def _put_in_again(self, station: str, code: str) -> None:
        self._world.put_in(station, code)
        self.watch_for(station, 5.0)

    def _take_out(self, station: str) -> None:
        self._world.take_out(station)
        self.watch_for(station, 5.0)

    def _stick(self, station: str) -> None:
        """Let the reject bit stick after the answer: it contradicts an acceptance."""
        run = self._run_at(station)
        sticks = can_be(self._world.model(station).device, Behaviour.STUCK_ON)
        if sticks and run is not None and run.run.state is RunState.AWAITING_RETURN:  # type: ignore[union-attr]  # because `_run_at` looked
            self._world.set_behaviour(station, Behaviour.STUCK_ON)

    def _run_at(self, station: str) -> StationOwner | None:
        owner = self._product.owners.get(station)
        return owner if owner is not None and owner.run is not None else None

    def _say(self, station: str, action: Action) -> None:
        """Say an act to the software, as the API would."""
        actor = self._product.stated(self._operators[station].name)
        if action.act is Act.SCAN:
            self._perhaps_sicken(station)
        if action.act in {Act.ABORT, Act.DISOWN} and action.run_id is not None:
            self.aborted.add(RunId(action.run_id))
        self._acting.add(station)

        def answered(error: Exception | None) -> None:
            self._acting.discard(station)
            match error:
                case None:
                    self._did(station, action)
                case Refusal():
                    self._was_refused(station, action, error, actor)
                case StoreTrouble():
                    self.not_recorded += 1
                    self._busy(station, self._later(UNRECORDED_S), lambda: self.look(station))
                    return
                case _:
                    raise error
            self.moved(station)
            self.look(station)

        self._product.act(station, lambda: self._said(station, action, actor), answered)
        self.moved(station)  # while it waits for the database the station is read on

    def _did(self, station: str, action: Action) -> None:
        operator = self._operators[station]
        operator.did(action)
        operator._faults.clear()  # the next run of this check has a fault of its own

    def _was_refused(self, station: str, action: Action, refusal: Refusal, actor: Actor) -> None:
        self.refusals[refusal.code] += 1
        if refusal.code != TO_WAIT:
            self._operators[station].did(action, refused=True)
        owner = self._product.owners[station]
        if action.act is Act.SCAN and owner.run is not None:
            code = action.code or ""
            self._product.act(
                station, lambda: owner.refused(code, refusal, actor), lambda _error: None
            )
        if action.act is Act.START:
            self._agenda.at(self._later(300.0), lambda: self._try_again(station))

    def _said(self, station: str, action: Action, actor: Actor) -> Pending:
        owner, now = self._product.owners[station], self._product.clock.now()
        code = action.code or ""
        match action.act:
            case Act.START:
                return self._start(owner, action, actor, now)
            case Act.SCAN:
                return owner.scan(code, actor=actor, now=now)
            case Act.TELL:
                told = (action.place_told or "", str(action.place))
                return owner.tell(*told, actor=actor, now=now)
            case Act.TAP:
                return owner.tap(actor=actor, now=now)
            case Act.DISOWN:
                return owner.say(Disowned(at=now, actor=actor))
            case Act.GIVE_BACK:
                return owner.give_back(code, actor=actor, now=now)
            case Act.CONFIRM:
                return owner.confirm(actor=actor, now=now)
            case _:
                return owner.abort(action.reason or "why", actor=actor, now=now)

    def _start(self, owner: StationOwner, action: Action, actor: Actor, now: datetime) -> Pending:
        cases = self._open_cases(owner.station.id) if action.occurrence_id is None else []
        case = next((each for each in cases if each.containment_id in self._repaired), None)
        case_id = case.containment_id if case is not None else None
        self._tries[action.check_id or "", action.occurrence_id, case_id] += 1
        return owner.start(
            check_id=action.check_id or "",
            occurrence_id=OccurrenceId(action.occurrence_id) if action.occurrence_id else None,
            containment_id=case_id,
            actor=actor,
            now=now,
        )

    def _try_again(self, station: str) -> None:
        self._operators[station]._refused.clear()
        self.look(station)

    def _perhaps_sicken(self, station: str) -> None:
        """Let the device be well for the next part, or not."""
        behaves = drawn_behaviour(self._chance, self._world.model(station), SICK_SHARE)
        if behaves != self._world.behaves(station):
            self._world.set_behaviour(station, *behaves)

    def _later(self, seconds: float) -> datetime:
        return self._world.now + timedelta(seconds=seconds)

    # The quality engineer

    def ask_for_more(self) -> None:
        """Ask for a run of some checks that nothing makes due."""
        checks = self._product.plant.plan.checks
        idle = [check for check in checks if isinstance(check.schedule, OnDemand)]
        self._asked = self._chance.sample(idle, min(len(idle), ASKED_CHECKS))
        self.look_everywhere()

    def insist(self) -> None:
        """Ask for a run of every check where hardly any was run."""
        if self._product.database.read_now(lambda reader: reader.count(RunRecord)) < FEWEST_RUNS:
            self._tries.clear()
            self._asked = list(self._product.plant.plan.checks)
            self.look_everywhere()

    def plan_the_day(self, begin: datetime, hours: float) -> None:
        """Plan what the quality engineer does without being asked."""
        self._agenda.at(begin + timedelta(hours=0.75 * hours), self.ask_for_more)
        for late in (0.85, 0.92):  # a device may just not be read the first time
            self._agenda.at(begin + timedelta(hours=late * hours), self.insist)
        for share, act in (
            (0.3, self._pause),
            (0.2, self._excuse),
            (0.2, self._quarantine),
        ):
            if self._chance.random() < share:
                moment = begin + timedelta(hours=hours * self._chance.random())
                self._agenda.at(moment, lambda act=act: self._decide(act))  # type: ignore[misc]  # because mypy has no type for a default of a lambda

    def hear_of(self, commit: Commit) -> None:
        """Act on what was recorded: repair what missed, look for what is missing."""
        for entry in commit.entries:
            if entry.type == "containment_opened":
                number = ContainmentId(str(told_by(entry)["containment_id"]))
                wait_s = 600 + 2400 * self._chance.random()
                self._agenda.at(
                    self._later(wait_s),
                    lambda n=number: self._decide(lambda: self._repair(n)),  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                )
            elif entry.type == "repair_disproved":
                number = ContainmentId(str(told_by(entry)["containment_id"]))
                self._repaired.discard(number)
                self._agenda.at(
                    self._later(AGAIN_S),
                    lambda n=number: self._decide(lambda: self._repair(n)),  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                )
            elif entry.type == "containment_reverified":
                number = ContainmentId(str(told_by(entry)["containment_id"]))
                self._agenda.at(
                    self._later(CLOSING_S),
                    lambda n=number: self._decide(lambda: self._close(n)),  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                )
            elif entry.type == "pulse_proposed":
                pulse = {**told_by(entry), "proposed_entry": entry.index}
                self._agenda.at(
                    self._later(DECIDING_S),
                    lambda p=pulse: self._decide(lambda: self._confirm(p)),  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                )
            elif entry.type == "part_missing":
                part = str(told_by(entry)["part_id"])
                self._agenda.at(
                    self._later(1200.0),
                    lambda p=part: self._decide(lambda: self._find(p)),  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                )

    def _decide(self, act: Callable[[], None]) -> None:
        if self._product.is_held(lambda: self._decide(act)):
            return
        if not self._product.up:
            self._agenda.at(self._later(60.0), lambda: self._decide(act))
            return
        try:
            act()
        except StoreTrouble:
            self._agenda.at(self._later(UNRECORDED_S), lambda: self._decide(act))
            return
        except Refusal as refusal:
            self.refusals[refusal.code] += 1
        self._product.reschedule()

    def _pause(self) -> None:
        plant, now = self._product.plant, self._product.clock.now()
        begins_at = now + timedelta(minutes=self._chance.randint(0, 30))
        self._product.write(
            lambda uow: planning.declare_pause(
                uow,
                plant,
                line=self._chance.choice(plant.lines).id,
                begins_at=begins_at,
                ends_at=begins_at + timedelta(minutes=self._chance.randint(20, 120)),
                reason="no material",
                actor=self._quality,
            )
        )

    def _excuse(self) -> None:
        undecided = self._product.database.read_now(
            lambda reader: reader.find(OccurrenceRecord, equals("outcome", None))
        )
        if undecided:
            chosen = self._chance.choice(undecided).occurrence_id
            self._product.write(
                lambda uow: planning.excuse(uow, chosen, reason="changeover", actor=self._quality)
            )

    def _quarantine(self) -> None:
        part = self._chance.choice(self._product.plant.parts).id
        self._product.write(
            lambda uow: planning.quarantine(uow, part, reason="was dropped", actor=self._quality)
        )
        self._agenda.at(self._later(3600.0), lambda: self._decide(lambda: self._release(part)))

    def _confirm(self, proposed: Mapping[str, Any]) -> None:
        """Confirm what was learnt of a pulse, or refuse it."""
        product, station = self._product, proposed["station"]
        pulse = product.write(
            lambda uow: decide(
                uow,
                product.plant,
                station,
                proposed["signal"],
                proposed_entry=proposed["proposed_entry"],
                confirmed=self._chance.random() >= REFUSED_SHARE,
                actor=self._quality,
            )
        )
        product.owners[station].pulses.decided(pulse)
        product.owners[station].judge_by_pulses()

    def _release(self, part: str) -> None:
        self._product.write(lambda uow: planning.release(uow, part, actor=self._quality))

    def _find(self, part: str) -> None:
        record = self._product.database.read_now(lambda r: r.get(ChallengePartRecord, part))
        if record is not None and record.custody == "missing" and record.run_id is None:
            self._product.write(lambda uow: planning.found_again(uow, part, actor=self._quality))

    def _repair(self, number: ContainmentId) -> None:
        case = self._product.database.read_now(lambda r: r.get(ContainmentRecord, number))
        assert case is not None
        if self._run_at(case.station) is not None:
            self._agenda.at(self._later(60.0), lambda: self._decide(lambda: self._repair(number)))
            return
        self._world.set_behaviour(case.station, Behaviour.HEALTHY)
        self._product.write(
            lambda uow: containing.record_repair(
                uow, number, repair=RepairCode.SENSOR_MOVED, text=None, actor=self._quality
            )
        )
        self._repaired.add(number)
        self.read(case.station)  # the service polls it ten times a second
        count = self._product.counts().get(StationId(case.station))
        if case.stopped_at is None:
            self._product.write(
                lambda uow: containing.end_window(
                    uow, number, EndTold(), count=count, actor=self._quality
                )
            )
        if reaction_of(case)[0].done_at is None:
            self._tick(number, 0)
        self.look(case.station)

    def _tick(self, number: ContainmentId, step: int) -> None:
        self._product.write(
            lambda uow: containing.tick_reaction(uow, number, step=step, actor=self._quality)
        )

    def _close(self, number: ContainmentId) -> None:
        """Do what is left of the reaction, and close the case."""
        case = self._product.database.read_now(lambda r: r.get(ContainmentRecord, number))
        assert case is not None
        for step, line in enumerate(reaction_of(case)):
            if line.done_at is None:
                self._tick(number, step)
        self._product.write(lambda uow: containing.close(uow, number, actor=self._quality))


def drawn_behaviour(
    chance: random.Random, model: StationModel, sick_share: float
) -> tuple[Behaviour, Value | None]:
    """Draw how a device is for the next part, and in which nest only; None: in all.

    Sick is it in one of the ways in which its kind can be.
    """
    sick = chance.random() < sick_share
    in_one = sick and "nest" in model.signals and Behaviour.BLIND in SICK
    if in_one and chance.random() < ONE_NEST_SHARE:
        return Behaviour.BLIND, chance.choice(model.places)
    ways = [behaviour for behaviour in SICK if can_be(model.device, behaviour)]
    return chance.choice(ways) if sick and ways else Behaviour.HEALTHY, None


def shown(run: Run, model: StationModel) -> RunShown:
    """Return a run as its station's page shows it; which places there are, the operator sees."""
    rule = run.step.expectation.rule
    return RunShown(
        run_id=run.id,
        check_id=run.check_id,
        asks=Asks(run.state.value),
        part=run.part,
        wants_tap=rule.presented is None and rule.part_code is None,
        places=model.places,
        place_told=model.place_told,
        wants_start=rule.demanded is not None,
    )


def _about(check: DueCheck) -> tuple[str, str | None, str | None]:
    return check.check_id, check.occurrence_id, check.containment_id
