"""The stations of the world as a Modbus client sees them: snapshots written into tables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from simulators.device import Value
from simulators.encoding import FUNCTIONS, ModbusPlace, last_address, write_modbus
from simulators.modbus_station import Image, ModbusStation

SPARE = 8
"""Addresses beyond the last used one that exist, so that a client may read a little further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusSignal:
    """One signal of a Modbus station."""

    name: str
    place: ModbusPlace
    scale: float = 1.0
    offset: float = 0.0


class ModbusFace:
    """Keeps the tables of one unit as the world's station is."""

    def __init__(
        self, signals: Iterable[ModbusSignal], snapshot: Callable[[], Mapping[str, Value]]
    ) -> None:
        self._signals = tuple(signals)
        self._snapshot = snapshot
        self._shown: dict[str, Value] = {}
        sizes = dict.fromkeys(FUNCTIONS.values(), 0)
        for signal in self._signals:
            function = FUNCTIONS[signal.place.table.value]
            sizes[function] = max(sizes[function], last_address(signal.place) + 1 + SPARE)
        self.image = Image(
            coils=sizes[1], discrete_inputs=sizes[2], holding=sizes[3], inputs=sizes[4]
        )
        self.refresh()

    def refresh(self) -> None:
        """Write what changed at the station since the last time."""
        now = self._snapshot()
        for signal in self._signals:
            value = now.get(signal.name)
            if value is None or self._shown.get(signal.name) == value:
                continue
            self._shown[signal.name] = value
            write_modbus(self.image, value, signal.place, scale=signal.scale, offset=signal.offset)


def modbus_endpoint(faces: Mapping[int, ModbusFace], catch_up: Callable[[], None]) -> ModbusStation:
    """Return a server for the units behind one endpoint; each read sees the world as it is now."""

    def before_read(unit: int) -> None:
        catch_up()
        face = faces.get(unit)
        if face is not None:
            face.refresh()

    return ModbusStation(
        {unit: face.image for unit, face in faces.items()}, before_read=before_read
    )
