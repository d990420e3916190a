"""Findings in plain English."""

import ast
import string
from datetime import UTC, datetime
from pathlib import Path

import redrabbit
from redrabbit.domain.findings import LONGEST_SHOWN, TEXTS, Finding, in_english, shown

SOURCES = Path(redrabbit.__file__).parent


def words_in_the_product() -> set[str]:
    """Return every string constant outside the table of texts."""
    trees = (
        ast.parse(path.read_text(encoding="utf-8"))
        for path in SOURCES.rglob("*.py")
        if path.name != "findings.py"
    )
    constants = (
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)
    )
    return {node.value for node in constants if isinstance(node.value, str)}


def test_a_finding_says_place_and_what_is_wrong() -> None:
    finding = Finding(code="head_rows", place="ledger_head", params={"found": 2})
    assert in_english(finding) == "ledger_head: has 2 rows; expected exactly 1"


def test_every_text_is_of_a_finding_that_is_made() -> None:
    assert set(TEXTS) <= words_in_the_product()


def test_every_text_can_be_said_on_one_line() -> None:
    for code, text in TEXTS.items():
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        finding = Finding(code=code, place="ledger[17]", params=dict.fromkeys(names, "x"))
        assert in_english(finding).startswith("ledger[17]: ")
        assert "\n" not in in_english(finding)


def test_values_are_shown_short_bytes_as_hex_and_instants_in_iso_form() -> None:
    assert shown(datetime(2026, 11, 22, 6, tzinfo=UTC)) == "2026-11-22T06:00:00+00:00"
    assert shown(b"\x01\xff") == "'01ff'"
    assert shown(None) == "None"
    assert len(shown("x" * 1000)) == LONGEST_SHOWN + 1
