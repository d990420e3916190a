"""Which devices are asked for: nothing asked is all, and the gaps of a device are those that coverage lists, each once."""

from itertools import product

from redrabbit.domain.coverage import coverage
from redrabbit.domain.station import DeviceKind
from redrabbit.services.queries.coverage import recorded_in
from redrabbit.services.queries.device_filter import DeviceFilter, gaps_by_device, kind_of
from tests.showcase_story import Showcase


def test_whoever_asks_for_nothing_gets_all_and_each_filter_takes_its_own() -> None:
    assert not DeviceFilter().is_of_some
    assert DeviceFilter(only_gaps=True).is_of_some
    for line, kind in product(("line1", "line2"), DeviceKind):
        assert DeviceFilter().takes(line, kind)
        assert DeviceFilter(line="line1").takes(line, kind) == (line == "line1")
        assert DeviceFilter(kind=DeviceKind.HUMAN).takes(line, kind) == (kind is DeviceKind.HUMAN)


def test_the_gaps_of_devices_are_those_of_coverage(showcase: Showcase) -> None:
    plant = showcase.plant
    found = coverage(
        plant,
        showcase.clock.now(),
        showcase.ask(lambda reader: recorded_in(reader, plant, showcase.clock.now())),
    )
    gaps = gaps_by_device(found)
    listed = {(gap.device, gap.kind) for gap in found.gaps}
    listed |= {(row.device, kind) for row in found.rows for kind in row.gaps}
    assert {(device, kind) for device, kinds in gaps.items() for kind in kinds} == listed
    assert all(len(set(kinds)) == len(kinds) > 0 for kinds in gaps.values())
    for station in plant.stations:
        for device in station.devices:
            assert kind_of(plant, device.id) is device.kind
