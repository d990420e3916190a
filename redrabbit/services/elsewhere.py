"""Acts before a station's screen are done at this station, and nowhere else (D23)."""

from typing import Any

from redrabbit.domain import acts
from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord, RunRecord
from redrabbit.services.ports import Reader


def refuse_elsewhere(reader: Reader, plant: Plant, act: Act[Any], here: str) -> None:
    """Refuse an act before the screen, or on the page, of what is no station, or of another station than its run's.

    The station is signed into the ledger with the actor (D23), so it is never what an address says.
    Asked before the move, because a scan that the move refuses is kept with its actor.
    """
    if here not in {station.id for station in plant.stations}:
        raise Refusal("no_such_station", station=here)
    station = _station_of(reader, plant, act)
    if station is not None and station != here:
        raise Refusal("other_station", station=station, here=here)


def _station_of(reader: Reader, plant: Plant, act: Act[Any]) -> str | None:
    """Return the station at which an act is done; None where it may be done anywhere, or nowhere."""
    if isinstance(act, acts.StartRun):
        return next((c.station for c in plant.plan.checks if c.id == act.check_id), None)
    if isinstance(act, acts.DecidePulse | acts.TellEvent):
        return act.station
    if isinstance(act, acts.ActOnRun):
        run = reader.get(RunRecord, act.run_id)
        return run.station if run is not None else None
    if isinstance(act, acts.ActOnCase):
        case = reader.get(ContainmentRecord, act.containment_id)
        return case.station if case is not None else None
    return None
