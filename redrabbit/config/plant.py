"""A folder of files becomes a plant, or all of its problems at once.

    plant.yaml                              what all stations share
    control_plan.yaml or control_plan.csv   exactly one
    every other *.yaml                      one station each

Files whose names begin with a dot and all other kinds are none of the configuration. Texts are
UTF-8, with or without a byte order mark. Nothing is mended, renamed or dropped: what is not
understood is a problem.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from redrabbit.config.cross_checks import check_plan, refuse_duplicate_ids
from redrabbit.config.located_yaml import Node, parse
from redrabbit.config.outside_text import refuse_unreadable
from redrabbit.config.plan_file import PlanFile, PlannedCheck, read_plan_file
from redrabbit.config.plan_table import parse_table
from redrabbit.config.plant_file import PlantFile, read_plant_file
from redrabbit.config.problem import ConfigurationProblems, Place, Problems
from redrabbit.config.station_file import StationFile, read_station_file
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.identity import CheckId, DeviceId, LineId, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.station import Station

PLANT_FILE: Final = "plant.yaml"
PLAN_YAML: Final = "control_plan.yaml"
PLAN_TABLE: Final = "control_plan.csv"

BYTE_ORDER_MARK: Final = "\ufeff"


def load_plant(folder: Path) -> Plant:
    """Return the plant that the folder describes; raise ConfigurationProblems with all of them."""
    problems = Problems()
    texts = _texts(folder, problems)
    plant = _read_plant(texts, folder, problems)
    stations = _read_stations(texts, plant, folder, problems)
    plan = _read_plan(texts, folder, problems)
    refuse_duplicate_ids([station for station in stations if station is not None], problems)
    if plan is not None:
        check_plan(plan, plant, stations, problems)
    if problems.found:
        raise ConfigurationProblems(problems.found)
    assert plan is not None  # noqa: S101  because a missing plan is a problem, raised above
    return _plant(plant, stations, plan, _digest(_readable(texts)))


def content(folder: Path) -> dict[str, str]:
    """Return the text of every file of the configuration, by name (D14).

    Line ends are made line feeds and byte order marks dropped, so that the same words give the same
    digest on every machine. Raises ConfigurationProblems for what can't be read as UTF-8.
    """
    problems = Problems()
    texts = _texts(folder, problems)
    if problems.found:
        raise ConfigurationProblems(problems.found)
    return _readable(texts)


def _readable(texts: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text is not None}


def _digest(texts: dict[str, str]) -> str:
    canonical = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _texts(folder: Path, problems: Problems) -> dict[str, str | None]:
    """Return the configuration's files in order of their names; None for one without readable text."""
    if not folder.is_dir():
        problems.add(Place(str(folder)), "no such folder", f"a folder with {PLANT_FILE}")
        return {}
    texts: dict[str, str | None] = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix == ".yml":
            problems.add(
                Place(path.name), f"the name {path.name!r}", f"{path.stem}.yaml", "rename it"
            )
        elif path.suffix == ".yaml" or path.name == PLAN_TABLE:
            texts[path.name] = _text(path, problems)
    return texts


def _text(path: Path, problems: Problems) -> str | None:
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.add(Place(path.name), f"unreadable ({error.strerror})", "a readable file")
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        hint = "in a spreadsheet, save as CSV UTF-8" if path.suffix == ".csv" else None
        place = Place(path.name, line, column)
        problems.add(place, f"the byte 0x{raw[error.start]:02x}", "text in UTF-8", hint)
        return None
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def _read_plant(texts: dict[str, str | None], folder: Path, problems: Problems) -> PlantFile:
    if PLANT_FILE not in texts and folder.is_dir():
        problems.add(Place(PLANT_FILE), "no such file", f"a file {PLANT_FILE}")
    root = _root(texts, PLANT_FILE, parse, problems)
    return read_plant_file(root, problems) if root is not None else PlantFile()


def _read_stations(
    texts: dict[str, str | None], plant: PlantFile, folder: Path, problems: Problems
) -> list[StationFile | None]:
    """Return the stations; None for a file that says nothing of what stands in it."""
    names = [name for name in texts if name not in {PLANT_FILE, PLAN_YAML, PLAN_TABLE}]
    if not names and folder.is_dir() and not problems.found:
        problems.add(
            Place(PLANT_FILE), "no station beside it", "a file line1-op10.yaml or the like"
        )
    roots = [_root(texts, name, parse, problems) for name in names]
    return [
        read_station_file(root, plant, problems) if root is not None else None for root in roots
    ]


def _read_plan(texts: dict[str, str | None], folder: Path, problems: Problems) -> PlanFile | None:
    if PLAN_YAML in texts and PLAN_TABLE in texts:
        found = f"{PLAN_TABLE} beside {PLAN_YAML}"
        problems.add(Place(PLAN_TABLE), found, "exactly one control plan")
        return None
    if PLAN_YAML not in texts and PLAN_TABLE not in texts and folder.is_dir():
        problems.add(Place(PLAN_YAML), "no such file", f"{PLAN_YAML} or {PLAN_TABLE}")
    name, read = (PLAN_TABLE, parse_table) if PLAN_TABLE in texts else (PLAN_YAML, parse)
    root = _root(texts, name, read, problems)
    return read_plan_file(root, problems) if root is not None else None


Reader = Callable[[str, str, Problems], Node | None]


def _root(texts: dict[str, str | None], name: str, read: Reader, problems: Problems) -> Node | None:
    text = texts.get(name)
    root = read(text, name, problems) if text is not None else None
    if root is not None:
        refuse_unreadable(root, problems)
    return root


def _plant(
    plant: PlantFile, stations: list[StationFile | None], plan: PlanFile, digest: str
) -> Plant:
    """Return the plant of files without problems."""
    assert plant.zone is not None  # noqa: S101  because files with problems don't get here
    read = [file.station for file in stations if file is not None and file.station is not None]
    at = {device.id: station for station in read for device in station.devices}
    return Plant(
        name=plant.name,
        zone=plant.zone,
        lines=tuple(line for line in (plant.lines or {}).values() if line is not None),
        stations=tuple(read),
        calendars={
            LineId(line): calendar
            for line, calendar in plant.calendars.items()
            if calendar is not None
        },
        parts=tuple(part for part in (plant.parts or {}).values() if part is not None),
        plan=ControlPlan(
            number=plan.number,
            revision=plan.revision,
            effective_from=plan.effective_from,
            checks=tuple(_check(check, at[DeviceId(check.device or "")]) for check in plan.checks),
        ),
        failure_modes={
            mode: words for mode, words in (plant.failure_modes or {}).items() if words is not None
        },
        targets=plant.targets,
        digest=digest,
    )


def _check(check: PlannedCheck, station: Station) -> Check:
    block = check.block
    return Check(
        id=CheckId(check.id),
        plan_line=block["plan_line"],
        pfmea=block["pfmea"],
        line=station.line,
        station=station.id,
        device=DeviceId(block["device"]),
        parts=tuple(PartId(part.value) for part in check.parts),
        schedule=block["schedule"],
        opens_before=block["opens_before"],
        grace=block["grace"],
        closes_after=block["closes_after"],
        reaction=tuple(step.value for step in block["reaction"]),
        arming_timeout_s=check.duration_s("arming_timeout"),
        return_timeout_s=check.duration_s("return_timeout"),
        run_timeout_s=check.duration_s("run_timeout"),
        escalate_after_inconclusive=block["escalate_after_inconclusive"],
    )
