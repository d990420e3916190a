"""What plant, stations and control plan must say together.

Ids are unique over the whole plant; a check names a device that is there, with a rule, and parts
that can prove something at it.
"""

from collections.abc import Iterable, Sequence

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Located
from redrabbit.config.plan_file import PlanFile, PlannedCheck
from redrabbit.config.plant_file import PlantFile
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.schedule_checks import check_counts, check_schedule
from redrabbit.config.special_characteristics import check_special
from redrabbit.config.station_file import NamedDevice, StationFile
from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.grade import Grade, best
from redrabbit.domain.rotation import Rotation, rotation_text

Devices = dict[str, tuple[StationFile, NamedDevice] | None]
"""By id; None where two have it, so that nobody can tell which one is meant."""


def refuse_duplicate_ids(stations: Iterable[StationFile], problems: Problems) -> None:
    """Refuse two stations or two devices of one id, in whichever files; name both places."""
    seen: dict[tuple[str, str], SourcePosition] = {}
    for station in stations:
        named = [("station", station.id, station.place)] if station.id is not None else []
        named += [("device", key, device.place) for key, device in station.devices.items()]
        for kind, name, place in named:
            first = seen.setdefault((kind, name), place)
            if first != place:
                problems.add(
                    place,
                    sentence("the {kind} {name!r} a second time", kind=kind, name=name),
                    sentence("each {kind}'s id once in the plant", kind=kind),
                    sentence("the first stands at {first}", first=first),
                )


def check_plan(
    plan: PlanFile,
    plant: PlantFile,
    stations: Sequence[StationFile | None],
    problems: Problems,
) -> None:
    """Note what the checks of the plan can't do with these stations and parts.

    A station that is None could not be read; no device can be called unknown then.
    """
    read = [station for station in stations if station is not None]
    devices: Devices = {}
    for station in read:
        for name, device in station.devices.items():
            devices[name] = None if name in devices else (station, device)
    check_special(plan, plant.special, problems)
    known = devices if stations and len(read) == len(stations) else None
    for check in plan.checks:
        parts = _known_parts(check, plant, problems)
        if check.device is None:
            continue
        problems.refuse_unknown("device", check.device, check.block.place_of("device"), known)
        where = devices.get(check.device)
        if where is not None:
            _check_device(check, where[1], problems)
            _check_parts(check, where[1], parts, problems)
            line = where[0].line or ""
            check_schedule(check, line, plant.calendars.get(line), problems)
            if where[0].station is not None:
                check_counts(check, where[0].station, problems)
            _check_grade(check, where[0], where[1], problems)
            _check_rotation(check, parts, problems)


def _known_parts(
    check: PlannedCheck, plant: PlantFile, problems: Problems
) -> list[Located[ChallengePart]] | None:
    """Return the parts; None if any is unknown or broken, so that nothing follows from the rest."""
    found = []
    for part in check.parts:
        problems.refuse_unknown("part", part.value, part.place, plant.parts)
        known = (plant.parts or {}).get(part.value)
        if known is not None:
            found.append(Located(known, part.place))
    return found if check.complete and len(found) == len(check.parts) else None


def _check_device(check: PlannedCheck, device: NamedDevice, problems: Problems) -> None:
    if not device.has_rule:
        problems.add(
            check.block.place_of("device"),
            sentence("device {device!r} has no rule", device=check.device),
            "a device whose rule says how its answer is read",
            sentence("the device stands at {place}", place=device.place),
        )


def _check_parts(
    check: PlannedCheck,
    device: NamedDevice,
    parts: list[Located[ChallengePart]] | None,
    problems: Problems,
) -> None:
    if parts is None or not device.failure_modes:
        return
    modes = ", ".join(device.failure_modes)
    rabbits = [part for part in parts if not part.value.is_good_master]
    if not rabbits:
        problems.add(
            check.block.place_of("parts"),
            sentence("check {id!r} has no challenge part", id=check.id),
            sentence("at least one part that shows {modes}", modes=modes),
        )
    for part in rabbits:
        if part.value.failure_mode not in device.failure_modes:
            problems.add(
                part.place,
                sentence(
                    "part {id} shows {failure_mode!r}, which device {device!r} does not watch for",
                    id=part.value.id,
                    failure_mode=part.value.failure_mode,
                    device=check.device,
                ),
                sentence("a part that shows {modes}", modes=modes),
            )
    if device.device is not None and device.device.rule.accepted is None:
        for part in parts:
            if part.value.is_good_master:
                problems.add(
                    part.place,
                    sentence(
                        "good master {id}, but the rule of {device!r} has no accepted",
                        id=part.value.id,
                        device=check.device,
                    ),
                    "a rule with accepted, or no good master",
                    "accepted is positive: silence does not accept a part (D3)",
                )


def _check_rotation(
    check: PlannedCheck, parts: list[Located[ChallengePart]] | None, problems: Problems
) -> None:
    """Refuse a rotation in which the least that each shift shows does not come round in time."""
    rotation: Rotation | None = check.block["rotation"]
    if rotation is None or parts is None:
        return
    modes = {part.value.failure_mode for part in parts} - {None}
    if rotation.comes_round(len(modes)):
        return
    problems.add(
        check.block.place_of("rotation"),
        sentence(
            "{rotation}, but check {id!r} has {modes} failure modes",
            rotation=rotation_text(rotation),
            id=check.id,
            modes=len(modes),
        ),
        "no more each shift than there are, and so many that each comes round within the span",
    )


def _check_grade(
    check: PlannedCheck, station: StationFile, device: NamedDevice, problems: Problems
) -> None:
    """Refuse a check that demands more than its device can ever prove (D28)."""
    demanded: Grade | None = check.block["least_grade"]
    if demanded is None or station.station is None or device.device is None:
        return
    strongest = best(device.device.rule, station.station).grade
    if strongest > demanded:
        problems.add(
            check.block.place_of("least_grade"),
            sentence(
                "least_grade {demanded}, but device {device!r} can reach {strongest} at best",
                demanded=demanded,
                device=check.device,
                strongest=strongest,
            ),
            sentence("{strongest}, or a rule that tells more", strongest=strongest),
            sentence(
                "redrabbit check-config DIR --explain {id} says what would lift it", id=station.id
            ),
        )
