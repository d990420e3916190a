"""Which devices somebody asks for, on the list of devices and on coverage alike (R01)."""

from dataclasses import dataclass

from redrabbit.domain.coverage import Coverage, GapKind
from redrabbit.domain.identity import DeviceId
from redrabbit.domain.plant import Plant
from redrabbit.domain.station import DeviceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFilter:
    """Devices of a line, of a type, with gaps; None: of any."""

    line: str | None = None
    kind: DeviceKind | None = None
    only_gaps: bool = False
    """Only those of which something is not proved."""

    @property
    def is_of_some(self) -> bool:
        """Whether anything is left out."""
        return self != DeviceFilter()

    def takes(self, line: str, kind: DeviceKind) -> bool:
        """Tell whether a device of that line and type is asked for, its gaps left aside."""
        return self.line in {None, line} and self.kind in {None, kind}


def kind_of(plant: Plant, device: str) -> DeviceKind:
    """Return the type of a device of the plant."""
    _, found = plant.station_of(DeviceId(device))
    return found.kind


def gaps_by_device(found: Coverage) -> dict[str, tuple[GapKind, ...]]:
    """Return what is missing at each device, each kind once, as it is listed; only those where something is."""
    gaps: dict[str, dict[GapKind, None]] = {}
    for gap in found.gaps:
        gaps.setdefault(gap.device, {})[gap.kind] = None
    for row in found.rows:
        for kind in row.gaps:
            gaps.setdefault(row.device, {})[kind] = None
    return {device: tuple(kinds) for device, kinds in gaps.items()}
