"""One station of the world: the part in it, the flow of normal parts, and what its signals show.

Signals by role, the same names as in the configuration: `part_present`, `part_code`, `rejected`,
`accepted`, `reject_code`, `measured`, `part_count`, `good_count`, `uptime`, `program`, `start` (the button
is down), `cycle` (the machine works at an accepted part), `nest` or `pallet` (where the part before the
device lies) and `feed_held` (no normal part can come). A station shows those of them that it has. The reason
for a rejection and the measured value stand before, or with, the bit.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from simulators.device import (
    Answer,
    Behaviour,
    Device,
    Part,
    Value,
    answer,
    can_be,
    keeps_reason,
    reason_after_s,
    rejects_part,
    stuck_bit,
)
from simulators.flow import Flow

PROGRAM, OTHER_PROGRAM = 1, 2
"""What a station works by in production, and when somebody tries something."""
GAP_SHARE = 0.25
"""Of a cycle: what passes between a part's leaving and the next one's coming."""
PRESSED = timedelta(seconds=1.3)
"""How long somebody keeps both hands on start for a labelled part: until the cycle runs, or longer than that takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Signals of a station that changed together, with their new values."""

    at: datetime
    station: str
    signals: dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How many parts a station has really made, labelled ones among them, whatever its counter shows."""

    total: int
    by_place: Mapping[str, int] = field(default_factory=dict)
    """Nest or pallet → parts; empty where it has one place only."""

    def of(self, place: str | None) -> int:
        """Return the parts that were made in one place; None: in all of them."""
        return self.total if place is None else self.by_place.get(place, 0)


@dataclass(slots=True, kw_only=True)
class SimulatedStation:
    """The state of one station; changed only by the world."""

    device: Device
    signals: frozenset[str]
    cycle: timedelta
    counter_modulus: int = 1 << 32
    counter_start: int = 0
    pulse_s: float | None = None
    """How long its bits stay on for a labelled part; None: for as long as the part is there."""
    program: int = PROGRAM
    booted_at: datetime
    """Since when its machine runs: `uptime` tells the whole seconds since, and is no event."""
    places: tuple[Value, ...] = ()
    """Its nests, or the pallets that come by; a part lies in one of them."""
    behaviour: Behaviour = Behaviour.HEALTHY
    sick_place: Value | None = None
    """The only nest in which the device is blind; elsewhere it is healthy. None: everywhere."""
    is_held: bool = False
    """While true no normal part is fed."""
    inside: Part | None = None
    """The labelled part in the station; normal parts are the flow's."""
    inside_at: Value | None = None
    """The place in which it lies."""
    _said: Answer | None = None
    _is_answered: bool = False
    _pressed_at: datetime | None = None
    """When start was pressed last, with a labelled part in."""
    _reason_stands: Value | None = None
    """What the code showed before the last answer, where it is never cleared."""
    _answered_at: datetime | None = None
    _reason_at: datetime | None = None
    """When the reason of the present answer is said."""
    _flows: list[Flow] = field(default_factory=list)
    _counted: int = 0
    _good: int = 0
    _made_at: Counter[Value] = field(default_factory=Counter)
    """Of these, in which place."""
    _before_boot: tuple[int, int] = (0, 0)
    """Parts, and good ones, that its counters forgot when the machine was restarted."""
    _measured: float = 0.0
    _numbered: int = 1

    def start_flow(self, at: datetime) -> None:
        """Let normal parts come from then on, unless they do already or the station is held."""
        last = self._flows[-1] if self._flows else None
        if self.is_held or (last is not None and last.ends_at is None):
            return
        rejects = rejects_part(self.behaviour, None)
        silent = self.behaviour is Behaviour.SILENT
        number = self._numbered if last is None else last.first_number + last.answered(at)
        self._flows.append(
            Flow(
                began_at=at,
                cycle=self.cycle,
                rejects=rejects and not silent,
                accepts=not rejects and not silent,
                first_number=number,
                is_started=self.device.prevents,
            )
        )

    def stop_flow(self, now: datetime) -> datetime:
        """Let no further normal part in; return when the station is clear of them."""
        if not self._flows:
            return now
        if self._flows[-1].ends_at is None:
            self._flows[-1] = self._flows[-1].ended(now)
        return max(now, *(flow.ends_at for flow in self._flows if flow.ends_at is not None))

    def set_behaviour(
        self, behaviour: Behaviour, now: datetime, place: Value | None = None
    ) -> None:
        """Change the behaviour, in one place or all; the flow goes on with it after the part that is there now."""
        if not can_be(self.device, behaviour):
            raise ValueError(f"{self.device.id} prevents the cycle: it can't be {behaviour.value}")
        if place is not None and behaviour is not Behaviour.BLIND:
            raise ValueError(f"in one place a device can be blind only, not {behaviour.value}")
        self.behaviour, self.sick_place = behaviour, place
        if self._flows and self._flows[-1].ends_at is None:
            self.start_flow(self.stop_flow(now) + self.cycle * GAP_SHARE)

    def insert(
        self, part: Part, chance: random.Random, now: datetime, place: Value | None = None
    ) -> Answer | None:
        """Put a part in; return what the device is going to say of it; None: once start is pressed."""
        self._settle(now)
        self.inside, self.inside_at = part, place
        self._is_answered = False
        self._said = None
        return None if self.device.prevents else self._answer_to(part, chance)

    def press_start(self, chance: random.Random, now: datetime) -> Answer | None:
        """Press start; return what becomes of it, None where nothing is in or a cycle is demanded already."""
        self._pressed_at = now
        waits = self.inside is not None and self._said is None and self.device.prevents
        return self._answer_to(self.inside, chance) if waits and self.inside is not None else None

    def _answer_to(self, part: Part, chance: random.Random) -> Answer:
        said = answer(self.device, self._acting(), part, chance)
        if said.rejected and self.behaviour is Behaviour.LEFTOVER_REASON:
            said = replace(said, code=self._leftover_reason())
        self._said = said
        return said

    def _acting(self) -> Behaviour:
        """Return how the device behaves where the labelled part lies."""
        is_here = self.sick_place is None or self.sick_place == self.inside_at
        return self.behaviour if is_here else Behaviour.HEALTHY

    def awaits(self, said: Answer) -> bool:
        """Return whether the part that this answer is about is still there."""
        return self._said is said

    def give_answer(self, said: Answer, now: datetime) -> None:
        """Let the device say what it has to say; the part counts from now on."""
        self._is_answered = True
        self._answered_at = now
        self._reason_at = now + timedelta(seconds=reason_after_s(self.behaviour))
        self._measured = said.measured
        self._count_it()
        self._good += said.accepted

    def restart(self, now: datetime) -> None:
        """Switch the machine off and on: it forgets its counts, and what it was about to say."""
        self.booted_at, self.counter_start = now, 0
        self._before_boot = self._counts(now)
        self._said, self._is_answered = None, False

    def remove(self) -> None:
        """Take the part out; one without an answer counts all the same."""
        if not self._is_answered:
            self._count_it()
        elif self._said is not None and self._said.rejected:
            self._reason_stands = self._said.code
        self.inside = self.inside_at = self._said = None

    def next_flow_change_at(self, now: datetime) -> datetime | None:
        """Return when normal parts change something next, or None."""
        changes = [flow.next_change_at(now) for flow in self._flows]
        return min((at for at in changes if at is not None), default=None)

    def outputs(self, now: datetime) -> dict[str, Value]:
        """Return what each signal shows."""
        shown: dict[str, Value] = {
            "part_present": False,
            "part_code": "",
            "reject_code": self._leftover_reason(),
            "measured": self._measured,
            "rejected": False,
            "accepted": False,
            "start": self._pressed_at is not None and now < self._pressed_at + PRESSED,
            "program": self.program,
            "nest": 0,
            "pallet": "",
        }
        for flow in self._flows:
            self._show_flow(shown, flow, now)
        if self.inside is not None:
            self._show_inside(shown, self.inside, now)
        stuck = stuck_bit(self.behaviour)
        if stuck is not None:
            shown["rejected"] = stuck
        shown["cycle"] = shown["accepted"]
        counted, good = self._counts(now)
        forgotten, forgotten_good = self._before_boot
        shown["part_count"] = (self.counter_start + counted - forgotten) % self.counter_modulus
        shown["good_count"] = (self.counter_start + good - forgotten_good) % self.counter_modulus
        shown["feed_held"] = self.is_held and not self._is_fed()
        shown["uptime"] = int((now - self.booted_at).total_seconds())
        return {name: value for name, value in shown.items() if name in self.signals}

    @property
    def is_stopped(self) -> bool:
        """True where a stopper, which tells that it is closed, keeps all parts of the line out."""
        return self.is_held and "feed_held" in self.signals

    def _is_fed(self) -> bool:
        """Return whether a part from production is in the station, though normal parts are held."""
        return self.inside is not None and self.inside.from_production

    def _counts(self, now: datetime) -> tuple[int, int]:
        """Return how many parts have been answered, and how many of them were good."""
        counted, good = self._counted, self._good
        for flow in self._flows:
            answered = flow.answered(now)
            counted += answered
            good += answered if flow.accepts else 0
        return counted, good

    def made(self, now: datetime) -> Made:
        """Return how many parts were made here."""
        by_place = Counter(self._made_at)
        for flow in self._flows:
            by_place.update(self._by_place(flow, now))
        return Made(total=self._counts(now)[0], by_place={str(at): n for at, n in by_place.items()})

    def reset_counter(self, now: datetime) -> None:
        """Let the counters begin at zero again."""
        self.counter_start = 0
        self._before_boot = self._counts(now)

    def _count_it(self) -> None:
        """Count the labelled part that is inside."""
        self._counted += 1
        if self.inside_at is not None:
            self._made_at[self.inside_at] += 1

    def _by_place(self, flow: Flow, now: datetime) -> Mapping[Value, int]:
        """Return how many parts of a flow were answered in which place: they take turns."""
        around = len(self.places)
        if not around:
            return {}
        rounds, rest = divmod(flow.answered(now), around)
        turns = (self.places[(flow.first_number + n) % around] for n in range(around))
        return {place: rounds + (n < rest) for n, place in enumerate(turns)}

    def _show_flow(self, shown: dict[str, Value], flow: Flow, now: datetime) -> None:
        answered = flow.answered(now)
        if answered:
            shown["measured"] = self._normal_measured(flow.first_number + answered)
        if flow.part_is_present(now):
            shown["part_present"] = True
            shown["part_code"] = f"N{flow.number(now):06d}"
            if self.places:
                shown["nest"] = shown["pallet"] = self.places[flow.number(now) % len(self.places)]
        shown["start"] = shown["start"] or flow.part_is_demanded(now)
        if flow.part_is_answered(now):
            shown["rejected"], shown["accepted"] = flow.rejects, flow.accepts
            if flow.rejects:
                codes = self.device.reject_codes.values()
                shown["reject_code"] = next(iter(codes), self.device.no_code)

    def _show_inside(self, shown: dict[str, Value], part: Part, now: datetime) -> None:
        shown["part_present"], shown["part_code"] = True, part.code
        if self.inside_at is not None:
            shown["nest"] = shown["pallet"] = self.inside_at
        if self._is_answered and self._said is not None:
            is_on = self._bits_are_on(now)
            shown["rejected"] = self._said.rejected and is_on
            shown["accepted"] = self._said.accepted and is_on
            if self._reason_at is not None and now >= self._reason_at:
                shown["reject_code"] = self._said.code

    def _bits_are_on(self, now: datetime) -> bool:
        """Return whether the bits of the answer still stand."""
        if self.pulse_s is None or self._answered_at is None:
            return True
        return now < self._answered_at + timedelta(seconds=self.pulse_s)

    def _leftover_reason(self) -> Value:
        """Return what the code shows without a reason: the last one, where nobody clears it."""
        stands = self._reason_stands if keeps_reason(self.behaviour) else None
        return self.device.no_code if stands is None else stands

    def _normal_measured(self, number: int) -> float:
        """Return a value near nominal that differs from part to part and never by chance."""
        spread = (number * 7919 % 100 - 50) / 50
        return round(self.device.measured_good * (1 + 0.01 * spread), 3)

    def _settle(self, now: datetime) -> None:
        """Count the flows that are over, so that they need not be looked at again."""
        while self._flows and self._flows[0].is_over(now):
            flow = self._flows.pop(0)
            answered = flow.answered(now)
            self._counted += answered
            self._good += answered if flow.accepts else 0
            self._made_at.update(self._by_place(flow, now))
            self._numbered = flow.first_number + answered
            if answered:
                self._measured = self._normal_measured(self._numbered)
