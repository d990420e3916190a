"""The plant finds what its files name, and nothing else."""

import pytest

from redrabbit.domain.identity import CheckId, DeviceId, PartId, StationId
from tests.plants import OP30, TORQUE_CHECK, a_plant


def test_a_plant_finds_stations_parts_and_checks_by_their_id() -> None:
    plant = a_plant()
    assert plant.station(OP30).id == OP30
    assert plant.part(PartId("RR-0001")).id == "RR-0001"
    assert plant.check(TORQUE_CHECK).id == TORQUE_CHECK


def test_a_plant_knows_where_a_device_stands() -> None:
    station, device = a_plant().station_of(DeviceId("op30-torque"))
    assert (station.id, device.id) == (OP30, "op30-torque")


def test_what_the_files_do_not_name_is_not_found() -> None:
    plant = a_plant()
    with pytest.raises(KeyError):
        plant.station(StationId("op99"))
    with pytest.raises(KeyError):
        plant.part(PartId("RR-9999"))
    with pytest.raises(KeyError):
        plant.check(CheckId("no-check"))
    with pytest.raises(KeyError):
        plant.station_of(DeviceId("no-device"))
