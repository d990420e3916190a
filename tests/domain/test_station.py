"""A station knows the devices that watch there."""

import pytest

from redrabbit.domain.identity import DeviceId
from tests.plants import OP20, a_station


def test_a_station_finds_its_device() -> None:
    station = a_station(OP20)
    assert station.device(DeviceId("op20-torque")) is station.devices[0]


def test_a_device_that_stands_elsewhere_is_not_found_here() -> None:
    with pytest.raises(KeyError, match="op30-torque"):
        a_station(OP20).device(DeviceId("op30-torque"))
