"""Nothing that a stranger wrote can talk to the terminal (D24)."""

import ast
import json
import logging
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.logs import JsonLines, PlainLines
from redrabbit.base.printable import columns, visible, visible_json, visible_lines

PRODUCT = Path(__file__).parents[2] / "redrabbit"
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
any_text = st.text(st.characters())


def kinds(text: str) -> set[str]:
    return {unicodedata.category(each) for each in text}


@given(any_text)
def test_a_text_is_shown_on_one_line_without_anything_invisible(text: str) -> None:
    assert not kinds(visible(text)) & INVISIBLE


@given(any_text)
def test_lines_stay_lines(text: str) -> None:
    shown = visible_lines(text)
    assert not kinds(shown.replace("\n", "")) & INVISIBLE
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text", ["Torque 18 N·m ±2 °C, Ω", "卡钳、螺栓 18 N·m《合格样件》", "Größe  Škoda", "⚠ \\x1b"]
)
def test_honest_words_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


def test_what_terminals_obey_is_told_as_an_escape() -> None:
    assert visible("Evil\x1b[8m\u202e\x9b2J\U000e0041\ud800\r\n") == (
        "Evil\\x1b[8m\\u202e\\x9b2J\\U000e0041\\ud800\\x0d\\x0a"
    )


@given(any_text)
def test_json_lines_say_the_same_and_hold_nothing_invisible(text: str) -> None:
    line = visible_json({"message": text})
    assert json.loads(line) == {"message": text}
    assert not kinds(line) & INVISIBLE


def record(message: str, **extras: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "levelname": "INFO"})
    vars(made).update(extras)
    return made


@pytest.mark.parametrize("form", [PlainLines(), JsonLines()])
def test_a_log_line_is_one_line_whatever_a_machine_wrote(form: logging.Formatter) -> None:
    line = form.format(record("station lost", reason="a\n12:00:00 info all is well\x1b[2J\u202e"))
    assert not kinds(line) & INVISIBLE


def test_a_traceback_keeps_its_lines_and_nothing_else_that_is_invisible() -> None:
    try:
        int("a\x1b[8m\u202e")
    except ValueError as error:
        failed = record("bug", exc_info=(type(error), error, error.__traceback__))
    shown = PlainLines().format(failed)
    assert "\\u202e" in shown
    assert not kinds(shown.replace("\n", "")) & INVISIBLE


def test_columns_stand_below_each_other_and_chinese_takes_two_places() -> None:
    rows = [("NUMBER", "NAME", ""), ("p-0001", "陈静", "a"), ("p-0002", "Li\x1b", "b")]
    assert columns(rows) == ["NUMBER  NAME", "p-0001  陈静    a", "p-0002  Li\\x1b  b"]


def test_everything_that_is_printed_goes_through_one_door() -> None:
    """A new command that writes past it would let a stranger's file talk to the terminal."""
    past_it = [
        f"{path.relative_to(PRODUCT).as_posix()}:{node.lineno}"
        for path in sorted(PRODUCT.rglob("*.py"))
        if path.name != "printable.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WAYS_OUT
    ]
    assert past_it == []


WAYS_OUT = {"print", "sys.stdout.write", "sys.stderr.write", "sys.stdout.writelines"}
