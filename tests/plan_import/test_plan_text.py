"""A plan that was read, in the words of the plan file."""

from dataclasses import replace
from pathlib import Path

from redrabbit.config.plant import PLAN_YAML, load_plant, read_configuration
from redrabbit.domain.plan_difference import plan_difference
from redrabbit.domain.rotation import Rotation
from redrabbit.plan_import.dry_run import dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.plan_text import plan_text
from tests.store.sample_story import FIRST

HEAD = "Control plan number,CP-7,,Revision,B\n\n"
COLUMNS = "Process number,Device ID,Challenge parts,Frequency,Reaction plan,PFMEA line / rev\n"
PLANT, FILES = load_plant(FIRST), read_configuration(FIRST)[1]


def text_of(
    tmp_path: Path, *rows: str, known: tuple[str, ...] = ()
) -> tuple[str | None, list[str]]:
    file = tmp_path / "plan.csv"
    file.write_text(HEAD + COLUMNS + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    read = dry_run(file)
    text = plan_text(read, PLANT, known)
    return text, [each.code for each in read.findings.by_kind[Kind.ERROR]]


def test_a_line_of_a_check_keeps_its_id_and_what_the_file_does_not_say(tmp_path: Path) -> None:
    text, errors = text_of(
        tmp_path,
        '10.2,line1-op10-torque,"RR-0001, GM-0001",each shift,1. Stop the station. 2. Hold all parts since the last good check.,',
        "20.1,line1-op20-camera,RR-0002,daily at 09:00,Stop the station.,",
    )
    assert errors == []
    assert text is not None
    revised = load_plant({**FILES, PLAN_YAML: text})
    told = [
        (each.check_id, each.code)
        for each in plan_difference(PLANT.plan, revised.plan)
        if not each.code.startswith("reaction")
    ]
    assert told == [
        ("line1-op20-seal-verification", "schedule"),
        ("line2-op10-nut-verification", "check_left_out"),
    ]


def test_a_check_keeps_its_rotation_for_which_no_form_has_a_column(tmp_path: Path) -> None:
    rotation = Rotation(within_shifts=1, at_least=1)
    checks = tuple(replace(check, rotation=rotation) for check in PLANT.plan.checks)
    rotating = replace(PLANT, plan=replace(PLANT.plan, checks=checks))
    row = '10.2,line1-op10-torque,"RR-0001, GM-0001",each shift,1. Stop the station. 2. Hold all parts since the last good check.,'
    file = tmp_path / "plan.csv"
    file.write_text(HEAD + COLUMNS + row + "\n", encoding="utf-8")
    text = plan_text(dry_run(file), rotating, ())
    assert text is not None
    assert load_plant({**FILES, PLAN_YAML: text}).plan.checks[0].rotation == rotation


def test_a_new_check_gets_an_id_that_none_ever_had_and_the_usual_window(tmp_path: Path) -> None:
    row = "10.9,line1-op10-torque,RR-0001,daily at 09:00,停止本工位,3.9 rev B"
    other = '10.2,line1-op10-torque,"RR-0001, GM-0001",each shift,1. Stop the station. 2. Hold all parts since the last good check.,'
    known = ("line1-op10-torque-10-9",)
    text, errors = text_of(tmp_path, other, row, known=known)
    assert errors == []
    assert text is not None
    new = load_plant({**FILES, PLAN_YAML: text}).plan.checks[1]
    assert (new.id, new.pfmea, new.plan_line) == ("line1-op10-torque-10-9-2", "3.9 rev B", "10.9")
    assert [
        span.total_seconds() / 60 for span in (new.opens_before, new.grace, new.closes_after)
    ] == [
        30,
        30,
        240,
    ]
    assert (new.reaction[0].en, new.reaction[0].zh) == ("停止本工位", "停止本工位")


def test_what_can_not_be_said_is_an_error(tmp_path: Path) -> None:
    text, errors = text_of(tmp_path, "10.9,line1-op10-torque,RR-0001,every 8 running hours,,")
    assert text is None or errors
    assert "not_scheduled_yet" in errors
