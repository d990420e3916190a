"""A part that the device accepts is missed, and its case says how the part was known (D28, D29)."""

from dataclasses import replace

import pytest

from redrabbit.domain.challenge_part import CertifiedValue
from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.identity import PartId, SignalName
from redrabbit.domain.signals import Encoding, Table
from tests.plants import OP20, Bench, a_check, a_part, a_plant, a_signal
from tests.services.test_custody import put_in, scan, start

TORQUE = SignalName("torque")


def missed(unit: str, measured: int) -> ContainmentRecord:
    """Return the case of a part certified with 18 N·m, at which a station measured this."""
    plant = a_plant(a_check(parts=(PartId("RR-0001"),)))
    station, *others = plant.stations
    (device,) = station.devices
    spec = replace(a_signal(TORQUE, Table.HOLDING_REGISTER, 30, Encoding.UINT16), unit=unit)
    measuring = replace(
        station,
        signals=(*station.signals, spec),
        devices=(replace(device, rule=replace(device.rule, measured=TORQUE)),),
    )
    certified = CertifiedValue(value=18.0, tolerance=1.5, unit="N·m")
    parts = (a_part("RR-0001", certified=certified), *plant.parts[1:])
    bench = Bench(replace(plant, stations=(measuring, *others), parts=parts))
    bench.read(OP20, torque=0)
    start(bench)
    scan(bench)
    put_in(bench, accepted=True, torque=measured)
    (case,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    return case


@pytest.mark.parametrize(
    ("unit", "measured", "disputed"),
    [
        pytest.param("N·m", 18, False, id="as certified"),
        pytest.param("N·m", 28, True, id="a good part's torque"),
        pytest.param("lbf·ft", 28, False, id="another unit is not compared"),
    ],
)
def test_a_miss_opens_its_case_at_once_with_its_mark(
    unit: str, measured: int, disputed: bool
) -> None:
    case = missed(unit, measured)
    assert (case.identity_kind, case.identity_disputed) == ("order", disputed)
