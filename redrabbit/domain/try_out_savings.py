"""What a tried-out plan could spare, as counts and not as advice: runs that could serve two checks, and parts that could take turns.

*Merging*: at one device a check is due within the window of another that shows at least the same parts; one run could serve both.
*Taking turns*: of several failure modes each run shows half, the next run the others; each mode is then proved half as often, and what
is made between two proofs is said beside. Many customers ask for every part in each shift: then it is not allowed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.identity import CheckId, DeviceId, FailureMode, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.try_out import Basis, Played
from redrabbit.domain.try_out_figures import proofs_of, worst_parts
from redrabbit.domain.try_out_rotation import Shown, modes_of, shown_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Runs of a check that runs of another one could serve, or the next one of its own."""

    device: DeviceId
    check: CheckId
    served_by: CheckId
    runs: int
    minutes: float | None
    """That this would spare; None: not known how long a run takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What is spared where the failure modes of a check take turns, half of them in each run."""

    device: DeviceId
    check: CheckId
    shown: int
    """Failure modes that each run would show."""
    of: int
    presentations: int
    """That would be spared."""
    minutes: float | None
    """That these take, where each presentation of a run takes as long as the others; None: not known."""
    worst_now: int | None
    """Parts between two proofs, of the failure mode for which most are made; None: not known."""
    worst_then: int | None


def merges(basis: Basis, played: Sequence[Played]) -> tuple[Merge, ...]:
    """Return what could be merged, in the order of the plan; each run is spared once, and none of a check that rotates."""
    at_device: dict[DeviceId, list[Played]] = {}
    for each in played:
        at_device.setdefault(each.check.device, []).append(each)
    return tuple(merge for each in at_device.values() if each for merge in _merges_at(basis, each))


def taking_turns(plant: Plant, basis: Basis, played: Sequence[Played]) -> tuple[Turns, ...]:
    """Return what is spared where failure modes take turns, for each check that shows several at once."""
    modes = modes_of(plant)
    at_device: dict[DeviceId, list[Played]] = {}
    for each in played:
        at_device.setdefault(each.check.device, []).append(each)
    return tuple(
        turns
        for each in played
        if each.due and each.check.rotation is None
        for turns in _turns_of(
            basis,
            each,
            [
                shown_by(plant, basis, other)
                for other in at_device[each.check.device]
                if other is not each
            ],
            modes,
        )
    )


def _merges_at(basis: Basis, played: Sequence[Played]) -> Iterator[Merge]:
    left = {each.check.id: [due.due_at for due in each.due] for each in played}
    stay: dict[CheckId, set[datetime]] = {each.check.id: set() for each in played}
    for one in played:
        for other in (one, *(each for each in played if each is not one)):
            rotates = (one.check.rotation, other.check.rotation) != (None, None)
            if rotates or not set(one.check.parts) <= set(other.check.parts):
                continue
            mine, theirs = left[one.check.id], left[other.check.id]
            pairs = _next_serves(one, mine) if other is one else _others_serve(one, mine, theirs)
            spared = {}
            for at, by in pairs:
                if at not in stay[one.check.id]:
                    spared[at] = by
                    stay[other.check.id].add(by)
            if not spared:
                continue
            left[one.check.id] = [at for at in mine if at not in spared]
            minutes = basis.minutes.get(one.check.id)
            yield Merge(
                device=one.check.device,
                check=one.check.id,
                served_by=other.check.id,
                runs=len(spared),
                minutes=None if minutes is None else len(spared) * minutes,
            )


def _next_serves(one: Played, dues: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Yield each due time of a check within whose grace the next one may be made already, and that next one."""
    number = 0
    while number + 1 < len(dues):
        at, following = dues[number : number + 2]
        if following - one.check.opens_before <= at + one.check.grace:
            yield at, following
            number += 1
        number += 1


def _others_serve(
    one: Played, dues: Sequence[datetime], others: Sequence[datetime]
) -> Iterator[tuple[datetime, datetime]]:
    """Yield each due time in whose window, up to the end of its grace, a run of another check lies, and that run."""
    for at in dues:
        place = bisect_left(others, at - one.check.opens_before)
        if place < len(others) and others[place] <= at + one.check.grace:
            yield at, others[place]


def _turns_of(
    basis: Basis,
    each: Played,
    others: Sequence[Shown],
    modes: Mapping[PartId, FailureMode | None],
) -> Iterator[Turns]:
    check = each.check
    shown = list(dict.fromkeys(mode for part in check.parts if (mode := modes.get(part))))
    if len(shown) < 2:  # noqa: PLR2004  because one alone takes no turns
        return
    kept = (len(shown) + 1) // 2
    of_modes = [part for part in check.parts if modes.get(part)]
    spared = len(each.due) * (len(of_modes) - -(-len(of_modes) * kept // len(shown)))
    minutes = basis.minutes.get(check.id)
    made = basis.made.get(check.station)
    now = then = None
    if made is not None:
        now, then = 0, 0
        for mode in shown:
            beside = proofs_of(others, mode)
            own = [due.due_at for due in each.due]
            ends = [basis.since, basis.until]
            now = max(now, worst_parts(made, sorted({*beside, *own, *ends})))
            for first in range(2):
                half = {*beside, *own[first::2], *ends}
                then = max(then, worst_parts(made, sorted(half)))
    yield Turns(
        device=check.device,
        check=check.id,
        shown=kept,
        of=len(shown),
        presentations=spared,
        minutes=None if minutes is None else spared * minutes / len(check.parts),
        worst_now=now,
        worst_then=then,
    )
