"""A tried-out plan has every figure, of every check of the plan."""

from datetime import timedelta

from redrabbit.domain.tried_plan import tried_plan
from redrabbit.domain.try_out import Basis
from tests.plants import BEGIN, OP20, OP30, a_check, a_plant


def test_every_check_and_every_failure_mode_is_in_it() -> None:
    plant = a_plant(a_check("one", OP20), a_check("other", OP30))
    tried = tried_plan(plant, Basis(since=BEGIN, until=BEGIN + timedelta(days=1)))
    assert [each.check.id for each in tried.played] == ["one", "other"]
    modes = [(s.id, d.id, m) for s in plant.stations for d in s.devices for m in d.failure_modes]
    assert [(e.station, e.device, e.failure_mode) for e in tried.exposures] == modes
    assert (tried.number, tried.revision) == ("CP-1", "A")
    assert [line.all.checks for line in tried.lines] == [6]
