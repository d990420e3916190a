"""A station knows the devices that watch there."""

from dataclasses import replace

import pytest

from redrabbit.domain.identity import DeviceId, SignalName
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from tests.plants import OP20, a_station


def test_a_station_finds_its_device() -> None:
    station = a_station(OP20)
    assert station.device(DeviceId("op20-torque")) is station.devices[0]


def test_a_device_that_stands_elsewhere_is_not_found_here() -> None:
    with pytest.raises(KeyError, match="op30-torque"):
        a_station(OP20).device(DeviceId("op30-torque"))


def test_a_signal_that_speaks_on_change_never_expires_by_silence() -> None:
    """B2, D7: every polled signal does, and every published one whose topic says how often."""
    polled = a_station(OP20)
    assert set(polled.expires_s().values()) == {polled.value_expires_s}
    topics = {"state": 0.5, "event": None}
    specs = tuple(
        SignalSpec(
            name=SignalName(name),
            address=MqttAddress(topic=name, encoding=Encoding.BOOL, expected_every_s=every_s),
        )
        for name, every_s in topics.items()
    )
    published = replace(polled, signals=specs, value_expires_s=3.0)
    assert published.expires_s() == {"state": 3.0, "event": None}


def test_topics_that_tell_no_time_are_those_that_the_rule_reads() -> None:
    """D27; a polled signal is as old as its poll."""
    polled = a_station(OP20)
    (device,) = polled.devices
    assert polled.topics_without_time(device.rule) == ()

    def told(name: str, topic: str, *time_path: str) -> SignalSpec:
        address = MqttAddress(
            topic=topic, encoding=Encoding.BOOL, path=(name,), time_path=time_path
        )
        return SignalSpec(name=SignalName(name), address=address)

    signals = (
        told("part_present", "state", "at"),
        told("rejected", "result"),
        told("accepted", "result"),
        told("reject_code", "code"),
        told("part_count", "count"),
    )
    station = replace(polled, signals=signals)
    assert station.topics_without_time(device.rule) == ("code", "result")
