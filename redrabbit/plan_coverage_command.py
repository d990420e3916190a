"""`redrabbit plan coverage`: which failure mode is proved where, with which part and by which grade, and where nothing proves it."""

from datetime import datetime
from pathlib import Path

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import wall_now
from redrabbit.base.messages import zoned
from redrabbit.base.printable import complain, put_out, spoken, visible_json
from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.base.text_workbook import write_whole
from redrabbit.configuration_folder import plant_in
from redrabbit.coverage_words import UNKNOWN, gap_in_words, workbook
from redrabbit.domain.coverage import Coverage, Covered, Gap, Recorded, coverage
from redrabbit.domain.plant import Plant
from redrabbit.exit_codes import FOUND, WRONG_USE, exit_code_of
from redrabbit.services.ports import Reader
from redrabbit.services.queries.coverage import recorded_in
from redrabbit.store.reading_database import open_for_reading


def print_coverage(
    folder: Path | None, database_url: str | None, workbook_file: Path | None, *, as_json: bool
) -> int:
    """Say what the plan in force covers; 1 where a gap stands. With a file, matrix and gaps as XLSX, which replaces no other file."""

    def work() -> int:
        if workbook_file is not None and (
            workbook_file.suffix.lower() != ".xlsx" or workbook_file.exists()
        ):
            complain(
                sentence(
                    "{file}: expected the name of a new file that ends with .xlsx",
                    file=workbook_file,
                )
            )
            return WRONG_USE
        now = wall_now()
        plant, recorded = _known(folder, database_url, now)
        found = coverage(plant, now, recorded)
        if workbook_file is not None:
            write_whole(workbook_file, workbook(found, plant, spoken()))
        if as_json:
            put_out(visible_json(_as_json(found, plant, spoken())))
        else:
            put_out(*_in_words(found, plant))
            if workbook_file is not None:
                put_out(sentence("wrote {file}", file=workbook_file))
        return FOUND if found.gaps else 0

    return exit_code_of(work)


def _known(folder: Path | None, database_url: str | None, now: datetime) -> tuple[Plant, Recorded]:
    if folder is not None:
        return plant_in(folder), Recorded()
    if database_url is None:
        raise ValueError("neither a configuration nor a database")
    with open_for_reading(database_url) as database:
        return database.read_now(lambda reader: _adopted(reader, now))


def _adopted(reader: Reader, now: datetime) -> tuple[Plant, Recorded]:
    plant = plant_in_force(reader)
    return plant, recorded_in(reader, plant, now)


def _as_json(found: Coverage, plant: Plant, language: str) -> dict[str, object]:
    return {
        "plan": {"number": plant.plan.number, "revision": plant.plan.revision},
        "rows": [_row_json(row) for row in found.rows],
        "gaps": [_gap_json(gap, plant, language) for gap in found.gaps],
        "not_known": [said(words, language) for words in UNKNOWN],
    }


def _row_json(row: Covered) -> dict[str, object]:
    return {
        "line": row.line,
        "station": row.station,
        "device": row.device,
        "failure_mode": row.failure_mode,
        "check": row.check,
        "plan_line": row.plan_line,
        "part": row.part,
        "grade": row.grade.value,
        "demanded": None if row.demanded is None else row.demanded.value,
        "weak": row.is_weak,
        "due_at": None if row.due_at is None else row.due_at.isoformat(),
        "gaps": [kind.value for kind in row.gaps],
    }


def _gap_json(gap: Gap, plant: Plant, language: str) -> dict[str, object]:
    return {
        "kind": gap.kind.value,
        "line": gap.line,
        "station": gap.station,
        "device": gap.device,
        "check": gap.check,
        "part": gap.part,
        "failure_mode": gap.failure_mode,
        "message": said(gap_in_words(gap, plant), language),
    }


def _in_words(found: Coverage, plant: Plant) -> list[str | Sentence]:
    told: list[str | Sentence] = [
        sentence(
            "{plan}: {modes} failure modes of {devices} devices",
            plan=plant.plan.label,
            modes=len({(row.device, row.failure_mode) for row in found.rows}),
            devices=len({row.device for row in found.rows}),
        )
    ]
    told += [_row_words(row, plant) for row in found.rows]
    if found.gaps:
        told.append(sentence("Gaps: {n}", n=len(found.gaps)))
        told += [sentence("  {gap}", gap=gap_in_words(gap, plant)) for gap in found.gaps]
    else:
        told.append(sentence("no gap"))
    unknown: Sentence = UNKNOWN[0]
    for words in UNKNOWN[1:]:
        unknown = sentence("{one}, {other}", one=unknown, other=words)
    told.append(sentence("not looked at, because not known yet: {unknown}", unknown=unknown))
    return told


def _row_words(row: Covered, plant: Plant) -> Sentence:
    if row.check is None:
        return sentence("  {device} · {mode}: -", device=row.device, mode=row.failure_mode)
    due = "-" if row.due_at is None else zoned(row.due_at, plant.zone)
    graded = sentence("{grade}, weak", grade=row.grade) if row.is_weak else row.grade.value
    return sentence(
        "  {device} · {mode}: {part}, {check}, grade {grade}, due next {due}",
        device=row.device,
        mode=row.failure_mode,
        part=row.part,
        check=row.check,
        grade=graded,
        due=due,
    )
