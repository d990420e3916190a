"""What is said of a check: when it is due, and what is left out."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from redrabbit.base.sentence import said
from redrabbit.cli import main
from redrabbit.domain.schedule import parse_schedule
from redrabbit.plan_import.check_words import explain_check
from tests.config.test_explanation import CONFIGURATION
from tests.plants import a_check, a_plant

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)


def explained(schedule: str, *holidays: date) -> list[str]:
    check = a_check(plan_line="10-2", schedule=parse_schedule(schedule))
    plant = a_plant(check)
    calendar = replace(plant.calendars[check.line], holidays=frozenset(holidays))
    return explain_check(check, replace(plant, calendars={check.line: calendar}), FRIDAY)


def test_a_check_is_explained_with_what_is_left_out() -> None:
    lines = explained("daily at 07:00 if working + after changeover", date(2026, 11, 28))
    assert "due daily at 07:00, if the line works then, after each changeover" in lines
    assert lines[3] == "next: 2026-11-29 07:00:00 UTC"
    assert "what is due by an event is due when it happens" in lines
    assert lines[-2:] == [
        "1 times in the next 31 days are left out or moved, because the line does not work then",
        "not at: 2026-11-28 07:00:00 UTC",
    ]
    for line in lines:
        assert re.search("[\u4e00-\u9fff]", said(line, "zh")), line


def test_a_check_that_is_always_due_leaves_out_nothing() -> None:
    lines = explained("daily at 07:00", date(2026, 11, 28))
    assert lines[3] == "next: 2026-11-28 07:00:00 UTC"
    assert lines[-1].startswith("0 times")


def test_the_command_explains_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    name = "line1-op30-seal-verification"
    assert main(["check-config", str(CONFIGURATION), "--explain", name]) == 0
    assert "due daily at 06:30, if the line works then" in capsys.readouterr().out
