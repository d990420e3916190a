"""Which failure modes each run of a tried-out check shows: all, or those whose turn it is.

Whose turn it is says `rotation.owed_modes`, which the service asks, too. What was shown before the time is not known: turns are counted
from its begin.
"""

from collections.abc import Mapping
from datetime import datetime

from redrabbit.domain.identity import FailureMode, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.rotation import LONGEST_BREAK, ModeTurns, Rotation, owed_modes
from redrabbit.domain.schedule import DueTime
from redrabbit.domain.shift_calendar import ShiftWindow, shift_windows
from redrabbit.domain.shift_of_due import ShiftsOfDues
from redrabbit.domain.try_out import Basis, Played

Shown = Mapping[FailureMode, list[DueTime]]
"""When a check shows each failure mode of its parts, in order."""


def modes_of(plant: Plant) -> dict[PartId, FailureMode | None]:
    """Return what each part shows; None: nothing, it is a good master."""
    return {part.id: part.failure_mode for part in plant.parts}


def shown_by(plant: Plant, basis: Basis, played: Played) -> Shown:
    """Return when a check shows each of its failure modes."""
    modes = modes_of(plant)
    own = list(dict.fromkeys(mode for part in played.check.parts if (mode := modes.get(part))))
    rotation = played.check.rotation
    if rotation is None:
        return {mode: list(played.due) for mode in own}
    calendar = plant.calendars[played.check.line]
    windows = shift_windows(calendar, basis.since - LONGEST_BREAK, basis.until)
    return _in_turn(own, rotation, windows, played)


def _in_turn(
    own: list[FailureMode], rotation: Rotation, windows: list[ShiftWindow], played: Played
) -> Shown:
    shifts = ShiftsOfDues(windows)
    shown: dict[FailureMode, list[DueTime]] = {mode: [] for mode in own}
    turns: dict[FailureMode, list[ShiftWindow]] = {mode: [] for mode in own}
    since: dict[FailureMode, datetime] = {}
    """Where the shift begins for which each was shown last."""
    owed: list[ShiftWindow] = []
    """Shifts in which it was due and that are not counted as turns yet: they are not over."""
    for due in played.due:
        over = [each for each in owed if each.ends_at <= due.due_at]
        owed = [each for each in owed if each.ends_at > due.due_at]
        for mode in own:
            last = since.get(mode)
            turns[mode] += [each for each in over if last is None or last < each.begins_at]
        state = [
            ModeTurns(
                mode=mode,
                shown_at=shown[mode][-1].due_at if shown[mode] else None,
                has_lapsed=False,
                turns=tuple(turns[mode]),
            )
            for mode in own
        ]
        place = shifts.begun(due.due_at, due.trigger_key)
        for mode in owed_modes(state, rotation):
            shown[mode].append(due)
            turns[mode] = []
            since[mode] = due.due_at if place is None else windows[place].begins_at
        if place is not None and windows[place] not in owed:
            owed.append(windows[place])
    return shown
