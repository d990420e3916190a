"""Live signals: a value with its unit, or why there is none (B1, B2)."""

from datetime import timedelta

import pytest

from redrabbit.domain.observation import Value
from redrabbit.services.queries.signals import signal_chips, spoken
from tests.plants import OP20
from tests.services.queries.at_op20 import AtOp20
from tests.showcase_story import LOST, Showcase


def test_each_signal_has_a_value_or_a_reason(showcase: Showcase) -> None:
    station = showcase.plant.station(LOST)
    chips = signal_chips(station, showcase.service.views()[LOST])
    assert [chip.signal for chip in chips] == [spec.name for spec in station.signals]
    assert {(chip.known, getattr(chip.value, "code", None), chip.unit) for chip in chips} == {
        (False, "reason.timeout", None)
    }


def test_a_station_that_nobody_watches_has_not_been_read() -> None:
    bench = AtOp20()
    chips = signal_chips(bench.plant.station(OP20), None)
    assert {getattr(chip.value, "code", None) for chip in chips} == {"reason.not_yet_read"}


def test_an_old_value_is_none() -> None:
    bench = AtOp20()
    bench.pass_time(60)
    now = bench.clock.now()
    view = bench.owner.view(now)
    chips = signal_chips(bench.plant.station(OP20), view)
    assert {getattr(chip.value, "code", None) for chip in chips} == {"reason.expired"}
    assert view.reading_age == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("value", "said"), [(3.0, "3"), (3.14159, "3.142"), (1482, 1482), ("RR-0007", "RR-0007")]
)
def test_a_value_is_said_short(value: Value, said: object) -> None:
    assert spoken(value) == said


def test_yes_and_no_are_words() -> None:
    assert [getattr(spoken(value), "code", None) for value in (True, False)] == [
        "value.on",
        "value.off",
    ]
