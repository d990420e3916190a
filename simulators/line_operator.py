"""A line operator who follows the station's prompts, and has the faults that people have.

`decide` is a pure function: what the station page asks for, what is in the operator's hands, and
this run's fault give the next action. Whoever drives an operator carries the action out (over the
public API, or by direct calls in the simulation) and says with `did` how it went. Times are drawn
from a seed. Knows nothing of how a verdict is reached.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from simulators.device import Value
from simulators.line import World


class Asks(Enum):
    """What the station page asks for; the words of the run's states."""

    AWAITING_PART = "awaiting_part"
    ARMED = "armed"
    PRESENTED = "presented"
    AWAITING_RETURN = "awaiting_return"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCheck:
    """One check that may be run now."""

    check_id: str
    occurrence_id: str | None
    containment_id: str | None = None
    """The case that the run would re-verify."""
    needs_repair: bool = field(default=False, compare=False)
    """The page asks first what was repaired; it is the same check before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """The run under way at the station, as its page shows it."""

    run_id: str
    check_id: str
    asks: Asks
    part: str
    """The code of the part of the present step."""
    wants_tap: bool
    """The station can't tell that a part is there: the operator says so."""
    places: tuple[Value, ...] = ()
    """Nests or pallets: the operator says in which the part is going to lie, and puts it there."""
    place_told: str | None = None
    """Which of the two is said."""
    wants_start: bool = False
    """The device shows what it does only when a cycle is demanded: the operator presses start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the operator sees at one station."""

    due: tuple[DueCheck, ...] = ()
    run: RunShown | None = None


class HumanFault(Enum):
    """What a person can do wrong in one run."""

    NONE = "none"
    FORGETS = "forgets"
    """Does not run this check at all."""
    SCANS_WRONG_PART = "scans_wrong_part"
    PUTS_IN_WRONG_PART = "puts_in_wrong_part"
    """Another challenge part than the one that was scanned."""
    PUTS_IN_ANOTHER_PLACE = "puts_in_another_place"
    """In another nest, or on another pallet, than was said."""
    LEAVES_IT_IN_THE_DRAWER = "leaves_it_in_the_drawer"
    """Scans the label and puts nothing in; the next part from production comes."""
    FOREIGN_PART_FIRST = "foreign_part_first"
    """After the scan another part comes first; it is taken out again, and the right one put in."""
    NEVER_PUTS_IN = "never_puts_in"
    NEVER_STARTS = "never_starts"
    """Puts the part in and presses nothing, where start must be pressed."""
    WALKS_AWAY = "walks_away"
    """Leaves the part in the station and comes back much later."""
    GIVES_BACK_LATE = "gives_back_late"
    LETS_GO = "lets_go"
    """Leaves the part in and lets the line run: it escapes to the next station."""
    SLOW = "slow"
    SCANS_TWICE = "scans_twice"
    ABORTS = "aborts"


class Act(Enum):
    """What an operator does: with the software, or with hands."""

    REPAIR = "repair"
    """Say what was repaired after a miss."""
    START = "start"
    TELL = "tell"
    """Say in which nest, or on which pallet, the part is going to lie."""
    SCAN = "scan"
    TAP = "tap"
    DISOWN = "disown"
    """Say that what is before the device is not the part."""
    GIVE_BACK = "give_back"
    CONFIRM = "confirm"
    ABORT = "abort"
    HOLD = "hold"
    """Stop feeding normal parts, and wait until the station is clear."""
    PUT_IN = "put_in"
    PRESS = "press"
    """Press the start button of the machine."""
    TAKE_OUT = "take_out"
    LET_GO = "let_go"
    RELEASE = "release"


BY_HAND = frozenset({Act.HOLD, Act.PUT_IN, Act.PRESS, Act.TAKE_OUT, Act.LET_GO, Act.RELEASE})
"""Acts in the world; the others are said to the software."""

SEEN_BY_STATION = frozenset({Act.PUT_IN, Act.PRESS, Act.TAKE_OUT})

USUAL_S = {
    Act.REPAIR: 3.0,
    Act.START: 3.0,
    Act.TELL: 2.0,
    Act.SCAN: 2.0,
    Act.TAP: 1.0,
    Act.DISOWN: 1.0,
    Act.GIVE_BACK: 4.0,
    Act.CONFIRM: 2.0,
    Act.ABORT: 3.0,
    Act.HOLD: 1.0,
    Act.PUT_IN: 3.0,
    Act.PRESS: 1.0,
    Act.TAKE_OUT: 2.0,
    Act.LET_GO: 2.0,
    Act.RELEASE: 1.0,
}
"""How long each act takes a person who does it every day."""
NEXT_PART = "N999999"
"""The label of a part from production: no challenge part, and a good one."""
TO_PLACE_S = 1.2
"""From the scan to a nest or pallet, at least: no hand is faster."""
REPAIRED = "sensor_moved"
"""What a simulated operator says was repaired, in the product's word."""
SEEN_S = 6.0
"""Until somebody notices that the part in the station is not the one that was scanned."""
AWAY_S = 1500.0
"""How long somebody who walked away stays away; longer than a part may be out."""
SLOW_FACTOR = 6.0
TO_WAIT = "verdict_open"
"""With this word the software, and the page, say *not yet*: it is done again later, and counts as nothing."""
TRIES = 2
"""Scans refused before somebody gives up: one may have been the wrong part."""
CLEAR_S = 0.6
"""How long the operator looks at the empty station before scanning: at least five polls."""
FETCH_S = 120.0
"""How long the part that escaped takes to be found and brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One act to carry out after a while."""

    act: Act
    after_s: float
    run_id: str | None = None
    check_id: str | None = None
    occurrence_id: str | None = None
    containment_id: str | None = None
    code: str | None = None
    reason: str | None = None
    place: Value | None = None
    """Said, or put in."""
    place_told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What the operator has done so far with the part and the station."""

    has_stopped_feed: bool = False
    part_inside: str | None = None
    place: Value | None = None
    """Where the part of this step is going to lie, as was said."""
    has_tapped: bool = False
    """Has said that the part is there, and not yet put it in."""
    has_pressed: bool = False
    """Has pressed start with the part in."""
    scanned: int = 0
    """Scans of this step so far, wrong ones included."""
    refused: int = 0
    """Scans of this run that the software refused."""
    has_erred: bool = False
    """This run's fault has happened."""


def decide(
    prompt: Prompt,
    hands: Hands,
    fault: HumanFault,
    *,
    wrong_code: str,
    place: Value | None = None,
) -> Action | None:
    """Return what the operator does next, or None to wait; `after_s` is at the usual pace.

    `place` is the one that comes to hand, where the station has several.
    """
    run = prompt.run
    if run is None or run.asks is Asks.CLOSED:
        return _tidy_up(hands) or _start(prompt, fault)
    match run.asks:
        case Asks.AWAITING_PART:
            return _take_part(run, hands, fault, wrong_code, place)
        case Asks.ARMED:
            return _present(run, hands, fault, wrong_code)
        case Asks.PRESENTED:
            tapped = _put_in(run, hands, fault, wrong_code) if hands.has_tapped else None
            return tapped or _press(run, hands, fault)
        case Asks.AWAITING_RETURN:
            return _bring_back(run, hands, fault)
        case Asks.AWAITING_CONFIRMATION:
            return _confirm(run, hands)


def _action(
    act: Act, run: RunShown | None = None, *, code: str | None = None, reason: str | None = None
) -> Action:
    run_id = None if run is None else run.run_id
    return Action(act=act, after_s=USUAL_S[act], run_id=run_id, code=code, reason=reason)


def _start(prompt: Prompt, fault: HumanFault) -> Action | None:
    if not prompt.due or fault is HumanFault.FORGETS:
        return None
    check = prompt.due[0]
    action = _action(Act.REPAIR, code=REPAIRED) if check.needs_repair else _action(Act.START)
    return replace(
        action,
        check_id=check.check_id,
        occurrence_id=check.occurrence_id,
        containment_id=check.containment_id,
    )


def _tidy_up(hands: Hands) -> Action | None:
    if hands.part_inside is not None:
        return _action(Act.TAKE_OUT)
    return _action(Act.RELEASE) if hands.has_stopped_feed else None


def _confirm(run: RunShown, hands: Hands) -> Action:
    if hands.part_inside is not None:
        return _action(Act.TAKE_OUT, run)
    return _action(Act.CONFIRM, run)


def _take_part(
    run: RunShown, hands: Hands, fault: HumanFault, wrong_code: str, place: Value | None
) -> Action:
    if not hands.has_stopped_feed:
        return _action(Act.HOLD, run)
    if hands.refused >= TRIES:
        return _action(Act.ABORT, run, reason="the part is refused")
    if run.place_told is not None and hands.place is None:
        return replace(_action(Act.TELL, run), place=place, place_told=run.place_told)
    if fault is HumanFault.SCANS_WRONG_PART and not hands.has_erred:
        return _action(Act.SCAN, run, code=wrong_code)
    return _action(Act.SCAN, run, code=run.part)


def _present(run: RunShown, hands: Hands, fault: HumanFault, wrong_code: str) -> Action | None:
    if fault is HumanFault.ABORTS:
        return _action(Act.ABORT, run, reason="called away")
    if fault is HumanFault.SCANS_TWICE and not hands.has_erred:
        return _action(Act.SCAN, run, code=run.part)
    if fault is HumanFault.FOREIGN_PART_FIRST and hands.part_inside == NEXT_PART:
        return replace(_action(Act.TAKE_OUT, run), after_s=SEEN_S)
    if hands.part_inside is not None:
        return _press(run, hands, fault)
    if fault is HumanFault.NEVER_PUTS_IN:
        return None
    if run.wants_tap:
        return _action(Act.TAP, run)
    if fault is HumanFault.FOREIGN_PART_FIRST and not hands.has_erred:
        return _action(Act.PUT_IN, run, code=NEXT_PART)
    return _put_in(run, hands, fault, wrong_code)


def _put_in(run: RunShown, hands: Hands, fault: HumanFault, wrong_code: str) -> Action:
    others = {
        HumanFault.PUTS_IN_WRONG_PART: wrong_code,
        HumanFault.LEAVES_IT_IN_THE_DRAWER: NEXT_PART,
    }
    place = hands.place
    if fault is HumanFault.PUTS_IN_ANOTHER_PLACE:
        place = next((each for each in run.places if each != place), place)
    if fault is HumanFault.LEAVES_IT_IN_THE_DRAWER:
        place = None  # wherever production puts the next one
    return replace(_action(Act.PUT_IN, run, code=others.get(fault, run.part)), place=place)


def _press(run: RunShown, hands: Hands, fault: HumanFault) -> Action | None:
    """Press start once with the part in; whatever the page says, that is how the machine is worked."""
    waits = hands.part_inside is not None and not hands.has_pressed
    presses = run.wants_start and waits and fault is not HumanFault.NEVER_STARTS
    return _action(Act.PRESS, run) if presses else None


def _bring_back(run: RunShown, hands: Hands, fault: HumanFault) -> Action:
    away_s = AWAY_S if fault is HumanFault.WALKS_AWAY and not hands.has_erred else 0.0
    if hands.part_inside is not None:
        if fault is HumanFault.LETS_GO and not hands.has_erred:
            return _action(Act.LET_GO, run)
        taking = _action(Act.TAKE_OUT, run)
        return replace(taking, after_s=taking.after_s + away_s)
    giving = _action(Act.GIVE_BACK, run, code=run.part)
    if fault is HumanFault.GIVES_BACK_LATE and not hands.has_erred:
        away_s = AWAY_S
    if fault is HumanFault.LETS_GO:
        away_s = FETCH_S
    return replace(giving, after_s=giving.after_s + away_s)


ERRING = {
    HumanFault.SCANS_WRONG_PART: Act.SCAN,
    HumanFault.SCANS_TWICE: Act.SCAN,
    HumanFault.WALKS_AWAY: Act.TAKE_OUT,
    HumanFault.GIVES_BACK_LATE: Act.GIVE_BACK,
    HumanFault.LETS_GO: Act.LET_GO,
    HumanFault.FOREIGN_PART_FIRST: Act.PUT_IN,
}
"""The act with which each fault that happens once has happened."""


def _places(prompt: Prompt) -> tuple[Value, ...]:
    return prompt.run.places if prompt.run is not None else ()


class LineOperator:
    """One person at one station: habits, memory, and pace.

    `pace` multiplies every time; `by_hand_s` is the least before a part is moved, so that
    what a station shows between two acts can be seen by whoever polls it.
    """

    def __init__(
        self,
        name: str,
        *,
        seed: int,
        wrong_code: str,
        pace: float = 1.0,
        by_hand_s: float = 0.0,
        fault_for: Callable[[DueCheck], HumanFault] = lambda _check: HumanFault.NONE,
    ) -> None:
        self.name = name
        self.pace = pace
        """How long acts take compared with the usual; a fault's long absence, too."""
        self._by_hand_s = by_hand_s
        self.hands = Hands()
        self._wrong_code = wrong_code
        self._chance = random.Random(f"{seed}:{name}")
        self._fault_for = fault_for
        self._faults: dict[DueCheck, HumanFault] = {}
        self._refused: set[DueCheck] = set()
        self._running: HumanFault = HumanFault.NONE

    def next_action(self, prompt: Prompt) -> Action | None:
        """Return what to do next and after how long; None: wait for the page to change."""
        wanted = tuple(
            check
            for check in prompt.due
            if check not in self._refused and self.fault(check) is not HumanFault.FORGETS
        )
        action = decide(
            replace(prompt, due=wanted),
            self.hands,
            self._running,
            wrong_code=self._wrong_code,
            place=self._chance.choice(places) if (places := _places(prompt)) else None,
        )
        if action is None:
            return None
        spread = 0.8 + 0.4 * self._chance.random()
        slowness = SLOW_FACTOR if self._running is HumanFault.SLOW else 1.0
        after_s = action.after_s * spread * slowness * self.pace
        least_s = self._by_hand_s if action.act in SEEN_BY_STATION else 0.0
        if action.act is Act.PUT_IN and action.place is not None:
            least_s = max(least_s, TO_PLACE_S)
        return replace(action, after_s=max(after_s, least_s))

    def fault(self, check: DueCheck) -> HumanFault:
        """Return the fault of a check's run, drawn once."""
        if check not in self._faults:
            self._faults[check] = self._fault_for(check)
        return self._faults[check]

    def did(self, action: Action, *, refused: bool = False) -> None:
        """Remember an act that was carried out, or that the software refused."""
        hands = self.hands
        match action.act:
            case Act.START | Act.REPAIR:
                check = DueCheck(
                    check_id=action.check_id or "",
                    occurrence_id=action.occurrence_id,
                    containment_id=action.containment_id,
                )
                if refused:
                    self._refused.add(check)
                elif action.act is Act.START:
                    self._running = self.fault(check)
                    hands = Hands(has_stopped_feed=hands.has_stopped_feed)
            case Act.TELL:
                told = None if refused else action.place
                hands = replace(hands, place=told, refused=hands.refused + refused)
            case Act.SCAN:
                refusals = hands.refused + refused
                hands = replace(hands, scanned=hands.scanned + 1, refused=refusals)
            case Act.HOLD:
                hands = replace(hands, has_stopped_feed=True)
            case Act.PUT_IN:
                hands = replace(hands, part_inside=action.code, has_tapped=False, has_pressed=False)
            case Act.PRESS:
                hands = replace(hands, has_pressed=True)
            case Act.TAP:
                hands = replace(hands, has_tapped=not refused)
            case Act.TAKE_OUT | Act.LET_GO:
                hands = replace(hands, part_inside=None)
            case Act.RELEASE:
                hands = replace(hands, has_stopped_feed=False)
            case Act.GIVE_BACK:
                hands = replace(hands, place=None)
            case Act.CONFIRM | Act.ABORT | Act.DISOWN:
                pass
        erred = ERRING.get(self._running) is action.act
        if self._running is HumanFault.SCANS_TWICE:
            erred = erred and hands.scanned > 1
        self.hands = replace(hands, has_erred=hands.has_erred or erred)


def do_by_hand(action: Action, world: World, station: str) -> float:
    """Carry out an act in the world; return how many seconds it keeps the operator busy."""
    match action.act:
        case Act.HOLD:
            return max(0.0, (world.hold(station) - world.now).total_seconds()) + CLEAR_S
        case Act.PUT_IN:
            world.put_in(station, action.code or "", action.place)
        case Act.PRESS:
            world.press_start(station)
        case Act.TAKE_OUT:
            world.take_out(station)
        case Act.LET_GO:
            world.let_go(station)
        case Act.RELEASE:
            world.release(station)
        case _:
            raise ValueError(f"{action.act.value} is not done by hand")
    return 0.0
