"""A folder of files, or their texts by name, become a plant, or all of its problems at once.

    plant.yaml                              what all stations share
    control_plan.yaml or control_plan.csv   exactly one; or control_plan.xlsx, which `configuration_folder` reads
    every other *.yaml                      one station each

Files whose names begin with a dot and all other kinds are none of the configuration. Texts are
UTF-8, with or without a byte order mark. Nothing is mended, renamed or dropped: what is not
understood is a problem. Texts from a database are never written anywhere: they are read as they
are, and their names are only names (D24).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import MB, TooLarge, read_at_most, size_text
from redrabbit.base.printable import visible
from redrabbit.base.sentence import sentence, system_words
from redrabbit.config.calendar_table import read_calendar_days
from redrabbit.config.codes import refuse_confusions
from redrabbit.config.cross_checks import check_plan, refuse_duplicate_ids
from redrabbit.config.customer_programmes import below_words
from redrabbit.config.located_yaml import Node, parse
from redrabbit.config.outside_text import refuse_unreadable
from redrabbit.config.plan_file import PlanFile, PlannedCheck, read_plan_file
from redrabbit.config.plan_table import parse_table
from redrabbit.config.plant_file import PlantFile, read_plant_file
from redrabbit.config.problem import ConfigurationProblems, Problem, Problems, SourcePosition
from redrabbit.config.secret_check import refuse_secrets
from redrabbit.config.station_file import StationFile, read_station_file
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import CheckId, DeviceId, LineId, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.station import Station

PLANT_FILE: Final = "plant.yaml"
PLAN_YAML: Final = "control_plan.yaml"
PLAN_TABLE: Final = "control_plan.csv"
PLAN_WORKBOOK: Final = "control_plan.xlsx"
CALENDAR_DAYS: Final = "calendar_days.yaml"
"""What people have set of the calendars: written by the database, and none of a folder's files."""
NO_STATIONS: Final = frozenset({PLANT_FILE, PLAN_YAML, PLAN_TABLE, CALENDAR_DAYS})

MOST_BYTES: Final = 2 * MB
"""Of one file; the largest real ones have a tenth of it."""
MOST_CHARACTERS: Final = 20 * MB
MOST_MARKS: Final = 200_000
"""Lines, commas and colons in all files: as many values at most, which take some ten seconds."""

BYTE_ORDER_MARK: Final = "\ufeff"


FILE_NAME: Final = re.compile(r"\w[\w.()+ -]{0,99}")
"""No separator, nothing invisible: a name is printed, and comes from databases of strangers, too."""


def load_plant(source: Path | Mapping[str, str], *, adopted: bool = False) -> Plant:
    """Return the plant of a folder, or of texts by file name.

    Texts that were `adopted` once are not refused for a secret, a character or a customer's minimum: the
    ledger has them already, and what came due under them is owed (L7). Raises ConfigurationProblems with all of
    what is wrong.
    """
    return read_configuration(source, adopted=adopted)[0]


def read_configuration(
    source: Path | Mapping[str, str], *, adopted: bool = False, judges_plan: bool = True
) -> tuple[Plant, dict[str, str]]:
    """Return the plant with the text of every file it was read from, by name (D14).

    Line ends are made line feeds and byte order marks dropped, so that the same words give the same
    digest on every machine. The files are read once: what is kept is what was understood. Where it `judges_plan`, one
    below a customer's minimum is refused.
    """
    return _understood(source, Problems(adopted=adopted, judges_plan=judges_plan))


def read_without_plan(folder: Path) -> tuple[Plant, dict[str, str]]:
    """Return the plant of a folder whose control plan is no text, with no check, and the text of every file.

    Raises as `load_plant`, also where a plan is there as a text.
    """
    none = PlanFile(number="", revision="", effective_from=None, checks=())
    return _understood(folder, Problems(), none)


def advice_on(source: Path | Mapping[str, str]) -> tuple[Plant, tuple[Problem, ...]]:
    """Return the plant with what would be better said of it; raises as `load_plant`."""
    problems = Problems()
    plant, _ = _understood(source, problems)
    return plant, tuple(sorted(set(problems.advised)))


def _understood(
    source: Path | Mapping[str, str], problems: Problems, plan: PlanFile | None = None
) -> tuple[Plant, dict[str, str]]:
    """Return the plant; `plan` is given where the files have none."""
    texts = _texts(source, problems)
    roots = {name: _root(name, text, problems) for name, text in texts.items()}
    if not problems.adopted:
        for root in roots.values():
            if root is not None:
                refuse_unreadable(root, problems)
                refuse_secrets(root, problems)
    plant = _read_plant(roots, problems)
    stations = _read_stations(roots, plant, problems)
    if plan is None:
        plan = _read_plan(roots, problems)
    else:
        _refuse_second_plan(roots, problems)
    refuse_duplicate_ids([station for station in stations if station is not None], problems)
    if plan is not None:
        check_plan(plan, plant, stations, problems)
    if problems.found:
        raise ConfigurationProblems(problems.found)
    assert plan is not None  # noqa: S101  because a missing plan is a problem, raised above
    readable = _readable(texts)
    found = _plant(plant, stations, plan, readable)
    if problems.judges_plan and not problems.adopted:
        _refuse_below(found, plan, problems)
    if plant.codes_place is not None:
        refuse_confusions(found.codes, found.known_codes, plant.codes_place, problems)
        if problems.found:
            raise ConfigurationProblems(problems.found)
    return found, readable


def _refuse_below(plant: Plant, plan: PlanFile, problems: Problems) -> None:
    """Refuse checks that are due less often than a customer demands; what was adopted once goes on, and is told on the page of the plan."""
    blocks = {check.id: check.block for check in plan.checks}
    for below in plant.below:
        key = "schedule" if below.turns is None else "rotation"
        problems.add(blocks[below.check.id].place_of(key), *below_words(below))
    if problems.found:
        raise ConfigurationProblems(problems.found)


def _readable(texts: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text is not None}


def digest_of(texts: Mapping[str, str]) -> str:
    """Return the SHA-256, hex, over names and texts in their canonical form."""
    canonical = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def _texts(source: Path | Mapping[str, str], problems: Problems) -> dict[str, str | None]:
    """Return the texts in order of their names; None for one that can't be read."""
    texts = _given(source, problems) if isinstance(source, Mapping) else _found(source, problems)
    _refuse_too_much(texts)
    for name in list(texts):
        if not FILE_NAME.fullmatch(name):
            shown = visible(name[:60])
            expected = "a name of letters, digits, '-', '_', '.' and blanks"
            problems.add(
                SourcePosition(shown),
                sentence("the name {shown!r}", shown=shown),
                expected,
                "rename it",
            )
            del texts[name]
    return texts


def _refuse_too_much(texts: Mapping[str, str | None]) -> None:
    """Refuse before anything is parsed what would take minutes: nothing of it can be meant."""
    written = [text for text in texts.values() if text is not None]
    size = sum(len(text) for text in written)
    marks = sum(text.count("\n") + text.count(",") + text.count(":") for text in written)
    if size > MOST_CHARACTERS:
        found, expected = f"{size} characters", f"at most {MOST_CHARACTERS}"
    elif marks > MOST_MARKS:
        found, expected = f"{marks} lines, commas and colons", f"at most {MOST_MARKS}"
    else:
        return
    place = SourcePosition(max(texts, key=lambda name: len(texts[name] or "")))
    problem = Problem(
        place, sentence("{found} in all files", found=found), expected, "this is the largest file"
    )
    raise ConfigurationProblems([problem])


def _given(texts: Mapping[str, str], problems: Problems) -> dict[str, str | None]:
    given: dict[str, str | None] = {}
    for name in sorted(texts):
        if name.endswith(".yaml") or name == PLAN_TABLE:
            given[name] = _as_read(texts[name]) if len(texts[name]) <= MOST_BYTES else None
            if given[name] is None:
                _note_too_large(SourcePosition(name), problems)
        else:
            shown = visible(name[:60])
            problems.add(
                SourcePosition(shown),
                sentence("the name {shown!r}", shown=shown),
                sentence("*.yaml or {plan_table}", plan_table=PLAN_TABLE),
            )
    return given


def _found(folder: Path, problems: Problems) -> dict[str, str | None]:
    if not folder.is_dir():
        place = SourcePosition(visible(str(folder)))
        raise ConfigurationProblems(
            [
                Problem(
                    place,
                    "no such folder",
                    sentence("a folder with {plant_file}", plant_file=PLANT_FILE),
                )
            ]
        )
    texts: dict[str, str | None] = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix == ".yml":
            problems.add(
                SourcePosition(path.name),
                sentence("the name {name!r}", name=path.name),
                sentence("{stem}.yaml", stem=path.stem),
                "rename it",
            )
        elif path.name == CALENDAR_DAYS:
            problems.add(
                SourcePosition(path.name),
                sentence("a file that the database owns"),
                sentence(
                    "holidays, make-up days, overtime and shutdowns in {plant_file}",
                    plant_file=PLANT_FILE,
                ),
                "move it out of this folder",
            )
        elif path.suffix == ".yaml" or path.name == PLAN_TABLE:
            texts[path.name] = _text(path, problems)
    return texts


def _text(path: Path, problems: Problems) -> str | None:
    try:
        raw = read_at_most(path, MOST_BYTES, "a configuration file")
    except TooLarge:
        _note_too_large(SourcePosition(path.name), problems)
        return None
    except OSError as error:
        problems.add(
            SourcePosition(path.name),
            sentence("unreadable ({problem})", problem=system_words(error)),
            "a readable file",
        )
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        hint = "in a spreadsheet, save as CSV UTF-8" if path.suffix == ".csv" else None
        place = SourcePosition(path.name, line, column)
        problems.add(
            place, sentence("the byte 0x{raw:02x}", raw=raw[error.start]), "text in UTF-8", hint
        )
        return None
    return _as_read(text)


def _note_too_large(place: SourcePosition, problems: Problems) -> None:
    limit = size_text(MOST_BYTES)
    hint = "move what is no configuration out of this folder"
    problems.add(
        place,
        sentence("larger than {limit}", limit=limit),
        sentence("at most {limit}", limit=limit),
        hint,
    )


def _as_read(text: str) -> str:
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


Roots = Mapping[str, Node | None]
"""The files by name; None for one of which nothing could be read."""


def _root(name: str, text: str | None, problems: Problems) -> Node | None:
    if text is None:
        return None
    return (parse_table if name == PLAN_TABLE else parse)(text, name, problems)


def _read_plant(roots: Roots, problems: Problems) -> PlantFile:
    if PLANT_FILE not in roots:
        problems.add(
            SourcePosition(PLANT_FILE),
            "no such file",
            sentence("a file {plant_file}", plant_file=PLANT_FILE),
        )
    root = roots.get(PLANT_FILE)
    plant = read_plant_file(root, problems) if root is not None else PlantFile()
    days = roots.get(CALENDAR_DAYS)
    if days is None:
        return plant
    return replace(plant, calendars=read_calendar_days(days, plant.calendars, problems))


def _read_stations(roots: Roots, plant: PlantFile, problems: Problems) -> list[StationFile | None]:
    """Return the stations; None for a file that says nothing of what stands in it."""
    stations = [root for name, root in roots.items() if name not in NO_STATIONS]
    if not stations and not problems.found:
        problems.add(
            SourcePosition(PLANT_FILE), "no station beside it", "a file line1-op10.yaml or the like"
        )
    return [
        read_station_file(root, plant, problems) if root is not None else None for root in stations
    ]


def _read_plan(roots: Roots, problems: Problems) -> PlanFile | None:
    if PLAN_YAML in roots and PLAN_TABLE in roots:
        found = sentence(
            "{plan_table} beside {plan_yaml}", plan_table=PLAN_TABLE, plan_yaml=PLAN_YAML
        )
        problems.add(SourcePosition(PLAN_TABLE), found, "exactly one control plan")
        return None
    if PLAN_YAML not in roots and PLAN_TABLE not in roots:
        problems.add(
            SourcePosition(PLAN_YAML),
            "no such file",
            sentence(
                "{plan_yaml}, {plan_table} or {plan_workbook}",
                plan_yaml=PLAN_YAML,
                plan_table=PLAN_TABLE,
                plan_workbook=PLAN_WORKBOOK,
            ),
        )
    root = roots.get(PLAN_TABLE if PLAN_TABLE in roots else PLAN_YAML)
    return read_plan_file(root, problems) if root is not None else None


def _refuse_second_plan(roots: Roots, problems: Problems) -> None:
    for name in (PLAN_YAML, PLAN_TABLE):
        if name in roots:
            found = sentence(
                "{name} beside {plan_workbook}", name=name, plan_workbook=PLAN_WORKBOOK
            )
            problems.add(SourcePosition(name), found, "exactly one control plan")


def _plant(
    plant: PlantFile,
    stations: list[StationFile | None],
    plan: PlanFile,
    texts: Mapping[str, str],
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
        special_characteristics=plant.special or (),
        minima=plant.minima,
        failure_modes={
            mode: words for mode, words in (plant.failure_modes or {}).items() if words is not None
        },
        targets=plant.targets,
        address=plant.address,
        codes=plant.codes,
        people=plant.people,
        watcher=plant.watcher,
        mail=plant.mail,
        rules=plant.rules,
        rosters=plant.rosters,
        digest=digest_of(texts),
        in_force=_in_force(plant, stations, plan, texts),
    )


def _in_force(
    plant: PlantFile,
    stations: list[StationFile | None],
    plan: PlanFile,
    texts: Mapping[str, str],
) -> tuple[InForceItem, ...]:
    """Return what entries are recorded under: the plant, its plan, each station's own file (D52)."""
    plan_file = PLAN_TABLE if PLAN_TABLE in texts else PLAN_YAML
    whole = InForceItem(
        kind=InForceKind.PLANT, id=plant.name, revision=None, digest=_sha256(texts[PLANT_FILE])
    )
    planned = InForceItem(
        kind=InForceKind.PLAN,
        id=plan.number,
        revision=plan.revision,
        digest=_sha256(texts.get(plan_file, "")),
    )
    read = [file for file in stations if file is not None and file.station is not None]
    return (
        whole,
        planned,
        *(
            InForceItem(
                kind=InForceKind.CALENDAR,
                id=CALENDAR_DAYS,
                revision=None,
                digest=_sha256(texts[name]),
            )
            for name in (CALENDAR_DAYS,)
            if name in texts
        ),
        *(
            InForceItem(
                kind=InForceKind.STATION,
                id=str(file.id),
                revision=None,
                digest=_sha256(texts[file.place.file]),
            )
            for file in sorted(read, key=lambda file: str(file.id))
        ),
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


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
        least_grade=block["least_grade"],
        special_characteristic=block["special_characteristic"],
        rotation=block["rotation"],
    )
