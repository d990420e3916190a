"""The plant of the simulated shifts: the stations of `station_configs/`, another plan for each seed.

The real plan asks too little of eight hours; so each seed draws when each check is due, how long
it may wait, and now and then a part that isn't fit. Read once per process.
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from redrabbit.config.plant import load_plant
from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.plant import InForceKind
from redrabbit.domain.identity import PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import Daily, EveryInterval, EveryShiftStart, OnDemand, ScheduleRule
from redrabbit.domain.schedule_rules import (
    AfterEvent,
    EveryParts,
    EveryShiftEnd,
    EveryShiftMiddle,
    EveryWorkInterval,
    FirstPart,
    OneRule,
    PlantEvent,
    TimesAShift,
    Together,
    WithinRunning,
    rules_of,
)
from redrabbit.domain.station import Station
from simulators.plant import PlantModel, read_plant

FOLDER = Path(__file__).parents[2] / "station_configs"
BEGIN = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
"""Half past five on a Monday morning at the plant: the early shift is about to begin."""
HOURS = 8.0
UNFIT_SHARE = 0.05
REVISED_SHARE = 0.5
"""Of all checks and stations, those that a revision changes."""
MORE_SHARE = 0.4
"""Of all checks that something makes due, those with a second rule."""
MORE: tuple[OneRule, ...] = (
    EveryShiftMiddle(),
    EveryShiftEnd(),
    TimesAShift(times=3),
    EveryWorkInterval(interval_s=9000.0),
    AfterEvent(event=PlantEvent.FAILED_CHECK),
    AfterEvent(event=PlantEvent.FAILED_CHECK),
    EveryParts(parts=100),
    EveryParts(parts=300),
    FirstPart(),
    WithinRunning(minutes=30),
)
LENT_SHARE = 0.4
"""Of all shifts, those in which the second line has no good master of its own for its torque."""
LENT, INSTEAD_OF = PartId("GM-0001"), PartId("GM-0005")
BUSY_CHECKS, ASKED_CHECKS = 2, 4
"""Checks that something makes due in this shift, and those of the others that are asked for. So a shift
lasts as long whatever the plant's size, and a thousand show every device."""


@lru_cache(maxsize=1)
def configured() -> tuple[Plant, PlantModel]:
    """Return the configured plant, and the world's model of it."""
    return load_plant(FOLDER), read_plant(FOLDER)


def busy_plant(chance: random.Random) -> Plant:
    """Return the configured plant with a plan and parts of its own."""
    plant, _ = configured()
    idle = set(chance.sample(range(len(plant.plan.checks)), len(plant.plan.checks) - BUSY_CHECKS))
    checks = tuple(
        replace(check, schedule=OnDemand()) if place in idle else _busier(check, chance)
        for place, check in enumerate(plant.plan.checks)
    )
    if chance.random() < LENT_SHARE:
        checks = tuple(_with_lent(check) for check in checks)
    parts = tuple(_perhaps_unfit(part, chance) for part in plant.parts)
    return replace(plant, plan=replace(plant.plan, checks=checks), parts=parts)


def revised_plant(plant: Plant, chance: random.Random) -> Plant:
    """Return the plant as its next revision asks: other schedules, other rules, the same stations."""
    checks = tuple(
        _busier(check, chance) if chance.random() < REVISED_SHARE else check
        for check in plant.plan.checks
    )
    stations = tuple(
        _more_patient(station) if chance.random() < REVISED_SHARE else station
        for station in plant.stations
    )
    in_force = tuple(
        replace(item, digest="1" * 64) if item.kind is InForceKind.PLAN else item
        for item in plant.in_force
    )
    return replace(
        plant,
        stations=stations,
        plan=replace(plant.plan, checks=checks, revision="G"),
        digest="1" * 64,
        in_force=in_force,
    )


def _more_patient(station: Station) -> Station:
    devices = tuple(
        replace(device, rule=replace(device.rule, within_s=device.rule.within_s + 1.0))
        for device in station.devices
    )
    return replace(station, devices=devices)


def _with_lent(check: Check) -> Check:
    """Return the check with line 1's good master where it took one of line 2."""
    parts = tuple(LENT if part == INSTEAD_OF else part for part in check.parts)
    return replace(check, parts=parts)


def _busier(check: Check, chance: random.Random) -> Check:
    schedules: list[ScheduleRule] = [
        EveryShiftStart(),
        Daily(at=time(chance.randint(6, 11), 5 * chance.randint(0, 11))),
        EveryInterval(interval_s=chance.choice([9000.0, 14_400.0])),
    ]
    busier = replace(
        check,
        schedule=chance.choice(schedules),
        opens_before=timedelta(minutes=chance.choice([10, 20, 30])),
        grace=timedelta(minutes=chance.choice([10, 20, 30])),
        closes_after=timedelta(minutes=chance.choice([40, 60, 240])),
    )
    return replace(busier, schedule=_with_more(busier))


def _with_more(check: Check) -> ScheduleRule:
    """Return the schedule of a check, now and then with another rule beside it; by a chance of its own."""
    schedule = check.schedule
    chance = random.Random(
        f"{check.id} {schedule} {check.opens_before} {check.grace} {check.closes_after}"
    )
    if chance.random() >= MORE_SHARE:
        return schedule
    return Together(rules=(*rules_of(schedule), chance.choice(MORE)))


def _perhaps_unfit(part: ChallengePart, chance: random.Random) -> ChallengePart:
    if chance.random() >= UNFIT_SHARE:
        return part
    unfit = chance.choice(["expired", "unreleased", "worn", "worn"])
    if unfit == "expired":
        return replace(part, valid_until=date(2026, 11, 22))
    if unfit == "unreleased":
        return replace(part, released=False)
    return replace(part, wear_limit_uses=chance.randint(1, 2))
