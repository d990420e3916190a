"""Shifts in which little else happens than that a tester is verified, whose nests go blind one by one."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import EveryInterval, OnDemand
from simulators.device import Behaviour
from tests.simulation import people, shift
from tests.simulation.busy_plant import busy_plant, configured

NESTS = StationId("line2-op30")
EVERY_S = 1200.0
"""A shift shows each nest some times: detected, missed, repaired and verified again."""
SICK_SHARE, ONE_NEST_SHARE = 0.35, 0.7


def only_nests(patch: pytest.MonkeyPatch) -> None:
    """Let shifts be so until the patch is undone."""
    patch.setattr(shift, "busy_plant", plant_of_nests)
    patch.setattr(people, "ASKED_CHECKS", 0)
    patch.setattr(people, "FEWEST_RUNS", 0)
    patch.setattr(people, "SICK", [Behaviour.BLIND])
    patch.setattr(people, "SICK_SHARE", SICK_SHARE)
    patch.setattr(people, "ONE_NEST_SHARE", ONE_NEST_SHARE)


def plant_of_nests(chance: random.Random) -> Plant:
    """Return the busy plant with all its parts fit, where only the nests' check is due, and often."""
    plant = busy_plant(chance)
    checks = tuple(
        _often(each) if each.station == NESTS else _never(each) for each in plant.plan.checks
    )
    return replace(plant, plan=replace(plant.plan, checks=checks), parts=configured()[0].parts)


def _often(check: Check) -> Check:
    return replace(
        check,
        schedule=EveryInterval(interval_s=EVERY_S),
        opens_before=timedelta(minutes=10),
        grace=timedelta(minutes=10),
        closes_after=timedelta(minutes=15),
    )


def _never(check: Check) -> Check:
    return replace(check, schedule=OnDemand())
