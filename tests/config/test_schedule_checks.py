"""What a schedule and the line's calendar must say together; the base's line works from Monday to Friday, day and night."""

import re
from pathlib import Path

import pytest

from redrabbit.base.sentence import said
from redrabbit.config.plant import advice_on
from redrabbit.config.problem import ConfigurationProblems
from tests.config.test_cases import BASE


def folder_with(tmp_path: Path, schedule: str, opens_before: str = "30 min") -> Path:
    """Return the base configuration with this schedule of its first check."""
    for source in BASE.iterdir():
        text = source.read_text(encoding="utf-8")
        if source.name == "control_plan.yaml":
            text = text.replace("schedule: every shift start", f"schedule: {schedule}", 1)
            text = text.replace("opens_before: 30 min", f"opens_before: {opens_before}", 1)
        (tmp_path / source.name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("schedule", "opens_before", "problem"),
    [
        ("every shift start except nihgt", "30 min", "unknown shift 'nihgt'"),
        ("every shift start except day, night", "30 min", "never falls due"),
        ("every 13 h of work", "30 min", "never falls due"),
        ("weekly on sun at 12:00 if working", "30 min", "never falls due"),
        ("every shift end + daily at 07:00", "0 s", "it opens when the shift is over"),
    ],
)
def test_what_is_never_due_or_can_not_be_made_is_refused(
    tmp_path: Path, schedule: str, opens_before: str, problem: str
) -> None:
    with pytest.raises(ConfigurationProblems, match=problem) as refused:
        advice_on(folder_with(tmp_path, schedule, opens_before))
    (found,) = refused.value.problems
    assert re.search("[\u4e00-\u9fff]", said(found.sentence, "zh"))


def test_a_check_by_parts_needs_a_station_that_counts_them(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "every 500 parts")
    assert advice_on(folder)[1] == ()
    press = folder / "press.yaml"
    press.write_text(press.read_text().replace("part_counter: count\n", ""))
    with pytest.raises(
        ConfigurationProblems, match="every 500 parts, but station 'press' counts no parts"
    ):
        advice_on(folder)


def test_the_first_part_of_a_shift_that_only_people_can_tell_is_advised_of(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "before the first part of each shift")
    press = folder / "press.yaml"
    counted = press.read_text()
    uncounted = counted.replace("part_counter: count\n", "")
    for text, advised in (
        (counted, 0),
        (uncounted, 1),
        (uncounted + "running: part_present\n", 0),
        (uncounted + "events: [{event: line running, signal: code}]\n", 0),
    ):
        press.write_text(text)
        _, advice = advice_on(folder)
        assert len(advice) == advised, text
    press.write_text(uncounted)
    (found,) = advice_on(folder)[1]
    assert "nothing at station 'press' tells that it makes parts" in str(found)
    assert re.search("[\u4e00-\u9fff]", said(found.sentence, "zh"))


@pytest.mark.parametrize(
    ("schedule", "advised"),
    [
        ("every 2 h", "`every 2 h of work` for the line's working time"),
        ("every shift start + every 90 min", "`every 90 min of work`"),
        ("daily at 10:00", "`daily at 10:00 if working` or `daily at 10:00 else next shift start`"),
        ("weekly on sun at 10:00", "`weekly on sun at 10:00 if working`"),
        ("monthly on 1 at 10:00", "if working"),
    ],
)
def test_what_is_due_while_nobody_works_is_advised_against(
    tmp_path: Path, schedule: str, advised: str
) -> None:
    """Findings A.2, M1 and B12."""
    _, advice = advice_on(folder_with(tmp_path, schedule))
    (found,) = advice
    assert advised in str(found)
    assert re.search("[\u4e00-\u9fff]", said(found.sentence, "zh"))


@pytest.mark.parametrize(
    "schedule",
    [
        "every shift middle + every shift end",
        "every 12 h of work",
        "3 times a shift except night",
        "weekly on mon at 10:00",
        "yearly on 29 feb at first shift start",
        "daily at 10:00 else next shift start",
        "after changeover",
        "on demand",
    ],
)
def test_other_schedules_are_taken_without_a_word(tmp_path: Path, schedule: str) -> None:
    assert advice_on(folder_with(tmp_path, schedule))[1] == ()
