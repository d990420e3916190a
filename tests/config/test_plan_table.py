from redrabbit.config.plan_file import PlanFile, read_plan_file
from redrabbit.config.plan_table import COLUMNS, REQUIRED, parse_table
from redrabbit.config.problem import Problems, SourcePosition

ROW = {
    "control_plan": "CP-1",
    "revision": "A",
    "check": "press-check",
    "plan_line": "20.10",
    "pfmea": "1.1 rev A",
    "device": "press-torque",
    "parts": "GM-0001  RR-0001",
    "schedule": "every shift start",
    "opens_before": "30 min",
    "grace": "0 s",
    "closes_after": "4 h",
    "reaction_en": "Stop. | Hold the parts, all of them.",
    "reaction_zh": "停线。 | 隔离零件。",
}


def table(*rows: dict[str, str], columns: tuple[str, ...] = REQUIRED) -> str:
    quoted = [[f'"{row.get(name, "")}"' for name in columns] for row in rows]
    return "\n".join([",".join(columns), *(",".join(cells) for cells in quoted)]) + "\n"


def plan(text: str) -> PlanFile:
    problems = Problems()
    root = parse_table(text, "control_plan.csv", problems)
    assert root is not None
    read = read_plan_file(root, problems)
    assert problems.found == []
    assert read is not None
    return read


def test_a_row_is_a_check() -> None:
    (check,) = plan(table(ROW)).checks
    assert (check.id, check.device, check.complete) == ("press-check", "press-torque", True)
    assert check.block["plan_line"] == "20.10"


def test_parts_are_separated_by_blanks_and_keep_their_cell() -> None:
    (check,) = plan(table(ROW)).checks
    assert [part.value for part in check.parts] == ["GM-0001", "RR-0001"]
    assert {part.place for part in check.parts} == {SourcePosition("control_plan.csv", 2, 7)}


def test_steps_of_the_reaction_are_separated_by_bars() -> None:
    (check,) = plan(table(ROW)).checks
    steps = [step.value for step in check.block["reaction"]]
    assert [step.en for step in steps] == ["Stop.", "Hold the parts, all of them."]
    assert [step.zh for step in steps] == ["停线。", "隔离零件。"]


def test_the_plan_is_named_in_the_first_row_or_in_every_row() -> None:
    second = ROW | {"check": "other"}
    unnamed = second | {"control_plan": "", "revision": ""}
    for text in (table(ROW, second), table(ROW, unnamed)):
        assert (plan(text).number, plan(text).revision) == ("CP-1", "A")
        assert len(plan(text).checks) == 2


def test_optional_columns_may_be_there_and_empty() -> None:
    later = ROW | {"check": "other", "run_timeout": "20 s"}
    first, second = plan(table(ROW, later, columns=COLUMNS)).checks
    assert (first.duration_s("run_timeout"), second.duration_s("run_timeout")) == (900, 20)


def test_rows_are_counted_as_the_spreadsheet_counts_them() -> None:
    """A cell of two lines is one row there, and empty rows count."""
    long = ROW | {"reaction_en": "Stop.\nAt once.", "reaction_zh": "停线。"}
    broken = ROW | {"check": "other", "grace": "soon"}
    problems = Problems()
    root = parse_table(table(long, {}, broken), "control_plan.csv", problems)
    assert root is not None
    read_plan_file(root, problems)
    assert [problem.place for problem in problems.found] == [
        SourcePosition("control_plan.csv", 4, 10)
    ]
