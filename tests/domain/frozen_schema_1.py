"""The records that were frozen under schema 1, told in today's fields (D12, D23).

Every field that was frozen has its place today, with the same meaning; this is the list of where. What
schema 1 did not keep is nobody's guess: it is null; what follows from it all the same says `FOLLOWS`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Any

from redrabbit.domain.ledger import canonical_text, instant_text
from redrabbit.domain.records import KEYS, TABLES, Record

Row = dict[str, Any]

FROZEN: Mapping[str, list[Row]] = json.loads(
    (Path(__file__).parents[1] / "store" / "samples" / "schema_1.records.json").read_text(
        encoding="utf-8"
    )
)

LETTERS = {
    "run_id": "R",
    "window_from_run": "R",
    "reverified_by_run": "R",
    "occurrence_id": "O",
    "containment_id": "C",
    "pause_id": "P",
    "alarm_id": "A",
}
"""1. Numbers of the whole plant are ids: run 7 is `R-7`."""

RENAMED = {
    "pauses": {"author": "declared_by", "reason": "reason_text"},
    "runs": {"configuration": "in_force", "operator": "started_by", "identified": "started_how"},
}
"""2. Fields with another name."""

STOPS = {"not_started", "not_presented", "not_confirmed", "restarted", "configuration_changed"}
"""The software's own words for why a run went no further: nobody in the samples typed one."""


def told_today(table: str) -> list[Row]:
    """Return the frozen rows of a table with today's fields, in order of today's keys."""
    rows = [_row(table, row) for row in FROZEN[table]]
    return sorted(rows, key=_key(table))


def today(table: str, records: list[Record]) -> list[Row]:
    """Return the fields of today's records that the frozen ones tell, in order of their keys."""
    names = told_today(table)[0].keys()
    rows = [{name: plain(getattr(record, name)) for name in names} for record in records]
    return sorted(rows, key=_key(table))


def plain(value: object) -> object:
    """Return a field's value as the frozen file has it."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def not_frozen(table: str) -> set[str]:
    """Return the fields of a table that schema 1 did not have."""
    (kind,) = (kind for kind, name in TABLES.items() if name == table)
    return {field.name for field in fields(kind)} - told_today(table)[0].keys()


def _key(table: str) -> Callable[[Row], Any]:
    (kind,) = (kind for kind, name in TABLES.items() if name == table)
    return itemgetter(*KEYS[kind])


def _row(table: str, frozen: Row) -> Row:
    renamed = RENAMED.get(table, {})
    row = {renamed.get(name, name): _value(name, value) for name, value in frozen.items()}
    own = {"alarms": "alarm_id", "containments": "containment_id", "occurrences": "occurrence_id"}
    own |= {"pauses": "pause_id", "runs": "run_id"}
    if table in own:
        row["number"] = frozen[own[table]]
    if "plan" in row and table in {"checks", "occurrences", "runs"}:
        row["plan_number"], _, row["plan_revision"] = row.pop("plan").partition(" rev ")
    if table == "runs":
        row |= _reason(row.pop("reason"), STOPS)
        row["confirmed_how"] = row["confirmed_by"] and "stated"
    if table == "occurrences":
        row |= _decision(frozen["decided_by"], row.pop("reason"))
    if table == "challenge_parts":
        row |= _part_state(row.pop("state_reason"))
    if table == "containments":
        row["reaction"] = _reaction(row["reaction"])
    return row | (FOLLOWS[table](frozen) if table in FOLLOWS else {})


FOLLOWS: Mapping[str, Callable[[Row], Row]] = {
    "alarms": lambda frozen: {"stream": frozen["line"] or "plant"},
    "challenge_parts": lambda frozen: {
        "stream": "plant",
        "home_is_settled": False,
        "kind": frozen["part_id"],
    },
}
"""5. What was not frozen and is known all the same."""


def _value(name: str, value: Any) -> Any:
    letter = LETTERS.get(name)
    return value if letter is None or value is None else f"{letter}-{value}"


def _reason(reason: str | None, ours: set[str]) -> Row:
    """3. A reason is a code, or a person's words."""
    if reason is None:
        return {"reason_code": None, "reason_text": None}
    if reason in ours:
        return {"reason_code": reason, "reason_text": None}
    return {"reason_code": "person", "reason_text": reason}


def _decision(decided_by: str | None, reason: str | None) -> Row:
    by_us = decided_by in {"agent", "scheduler", "configuration"}
    if reason is not None and reason.startswith("pause-"):
        number = reason.removeprefix("pause-")
        told = {"reason_code": "pause", "reason_text": None, "pause_id": f"P-{number}"}
    else:
        told = _reason(reason, {reason} if by_us and reason else set()) | {"pause_id": None}
    return told | {"decided_how": decided_by and ("system" if by_us else "stated")}


def _part_state(reason: str | None) -> Row:
    told = _reason(reason, {"not_in_configuration"})
    return {"state_code": told["reason_code"], "state_text": told["reason_text"]}


def _reaction(text: str) -> str:
    """4. How it is known who ticked a step: names were always only stated."""
    steps = json.loads(text)
    return canonical_text([{**step, "done_how": step["done_by"] and "stated"} for step in steps])
