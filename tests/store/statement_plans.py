"""What SQLite would do for the statements that the product asked it, and whether that grows with history (B30).

A statement takes as long as on the first day where the index that it uses leads to few rows (`FEW` says why they
are few), or where it stops at its limit and walks over none that it does not want: every condition is one of the
index's, and the rows come in the order that is wanted.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, event

SMALL: Final[Mapping[str, str]] = {
    "challenge_parts": "the plant's parts",
    "checks": "the checks of its control plan, with those that were retired",
    "stations": "its stations",
    "devices": "its devices",
    "pulses": "signals of its stations",
    "calendar_changes": "special days that people set: some a line each year",
    "configurations": "one row each time that somebody changes a file",
    "stated_names": "its people",
    "people": "its people, those who left included",
    "role_grants": "what they were ever trusted with: some a person",
    "badges": "all that they ever had: some a person",
    "qualifications": "what they were ever trained for: some a person",
    "credential_states": "two a person",
    "station_screens": "tablets and terminals of its stations",
    "pulse_cycles": "signals whose pulse is being learnt",
    "record_digests": "16 blocks a table",
    "ledger_head": "one row",
    "heartbeats": "parts of the service",
    "checkpoints_sent": "its receivers",
    "credentials": "its people",
    "plan_revisions": "revisions of its control plan",
    "plan_form_answers": "what was asked about the forms of its control plan: some a form",
    "in_force": "one row each time that somebody changes what is in force",
    "sessions": "those who signed in lately",
    "last_looks": "its people",
    "ways_to_people": "five a person at most",
    "tokens": "its programs",
    "one_time_codes": "those that were given and not forgotten yet",
    "screen_secrets": "its screens",
    "sign_in_attempts": "its people, and the addresses from which somebody failed",
    "token_secrets": "its programs",
}
"""Tables that grow with the plant, not with time: reading them whole is as quick after ten years."""

FEW: Final[Mapping[str, Mapping[frozenset[str], str]]] = {
    "runs": {
        frozenset({"outcome IS NULL"}): "under way: one a station",
        frozenset({"containment_id ="}): "re-verifications of one case",
        frozenset({"started_at ="}): "begun in one microsecond",
        frozenset({"started_at within a day"}): "begun in one day",
    },
    "occurrences": {
        frozenset({"outcome IS NULL"}): "undecided: each is decided when its window closes",
        frozenset({"decided_at IS NULL", "closes_at <="}): "to lapse now",
        frozenset({"decided_at IS NULL", "overdue_told =", "grace_ends_at <="}): "to be told now",
        frozenset({"decided_at IS NULL", "first_due_at >"}): "put off by a pause, and not done yet",
        frozenset({"outcome IN", "due_at >="}): "decided in the last seven days",
        frozenset({"due_at ="}): "due at one instant: a check has one",
        frozenset(
            {"check_id =", "outcome IN", "due_at >=", "due_at <="}
        ): "of one check, in a time of which its next due times are asked",
        frozenset({"due_at within a day"}): "due in one day",
    },
    "plant_events": {
        frozenset({"line =", "event =", "happened_at >="}): "told in the last two minutes",
        frozenset({"happened_at ="}): "happened in one microsecond",
    },
    "presentations": {
        frozenset({"run_id ="}): "of one run",
        frozenset({"run_id IN"}): "of the runs of one page",
    },
    "parts_told": {frozenset({"run_id ="}): "of one run"},
    "remarks": {frozenset({"run_id ="}): "of one run"},
    "lapse_reasons": {
        frozenset({"occurrence_id ="}): "of one lapse",
        frozenset({"occurrence_id IN"}): "of the lapses of one page",
    },
    "approvals": {
        frozenset({"subject_id ="}): "of one record: one each time that it was decided",
        frozenset({"waits_until IS NOT NULL"}): "waiting for a signature: days at most",
        frozenset({"waits_until <="}): "overdue, and still waiting",
    },
    "signatures": {
        frozenset({"subject_id ="}): "of one record: some each time that it was finished",
        frozenset({"shown ="}): "over one text",
    },
    "part_counts": {
        frozenset(
            {"line =", "station =", "counted_at >="}
        ): "since the stop of a case that is open",
    },
    "containments": {
        frozenset({"state = open"}): "not verified again: one a device, failure mode and nest",
        frozenset({"state IN"}): "those that nobody closed: every page shows them",
        frozenset({"run_id ="}): "opened by one run",
        frozenset({"opened_at ="}): "opened in one microsecond",
    },
    "pauses": {
        frozenset({"ends_at >"}): "not over yet",
        frozenset({"begins_at ="}): "begun in one microsecond",
    },
    "not_watched": {
        frozenset({"ends_at >"}): "since something fell due that is being decided",
    },
    "clock_doubts": {
        frozenset({"settled_at IS NULL"}): "steps of the clock that nobody has confirmed",
    },
    "alarms": {
        frozenset({"kind =", "ended_at IS NULL"}): "of a kind that ends, and has not",
        frozenset({"run_id =", "part_id =", "kind ="}): "about one part of one run",
        frozenset({"acknowledged_at IS NULL", "station =", "kind IN"}): "parts that are out, at one"
        " station, that nobody acknowledged: its page shows them",
        frozenset({"occurrence_id ="}): "about one scheduled check",
        frozenset({"raised_at ="}): "raised in one microsecond",
        frozenset({"raised_at within a day"}): "raised in one day",
        frozenset({"raised_at >"}): "raised in a time still to come: the clock was ahead",
        frozenset({"next_step_at IS NOT NULL"}): "open, and somebody is to be told yet",
    },
    "alarm_tellings": {frozenset({"alarm_id ="}): "messages about one alarm"},
    "silences": {
        frozenset({"ends_at >"}): "not over yet: each is within seven days",
        frozenset({"begins_at ="}): "begun in one microsecond",
    },
    "outbox": {frozenset({"key IN"}): "messages about one alarm"},
    "record_counts": {
        frozenset({"counted =", "period ="}): "of one period: some a device",
        frozenset({"counted =", "period >=", "period <"}): "of some ten years, months or days",
    },
    "deliveries": {
        frozenset({"next_try_at IS NOT NULL"}): "messages that wait",
        frozenset({"parked_at IS NOT NULL"}): "messages that wait for a person",
        frozenset({"outbox_id IN"}): "of the messages about one alarm",
    },
}
"""By table: conditions that few rows meet, whenever they are asked, and why."""

PASSED_OVER: Final[Mapping[str, Mapping[str, str]]] = {
    "runs": {
        "outcome IS NOT NULL": "what is passed over is under way: one a station",
    },
}
"""By table: conditions that an index may leave to be looked at row by row, and why few rows fail them."""

CONDITION: Final = re.compile(
    r'(\w+)\."?(\w+)"? (IS NOT NULL|IS NULL|IS NOT \?|IN \([^)]*\)|(?:=|<=|>=|<|>|!=) \?)'
)
STEP: Final = re.compile(r"(SCAN|SEARCH) (\w+)(?:.*? (?:INDEX (\w+)|PRIMARY KEY))?(?: \((.*)\))?$")
DAY_US: Final = 86_400_000_000
SPELT_OUT: Final = ("state",)
"""Fields of which one value may have few rows and another one nearly all."""


class Asked(NamedTuple):
    """A statement as the database got it, and for whom it was asked first."""

    sql: str
    values: tuple[Any, ...]
    asked_for: str


class Statements:
    """The different statements that were asked while somebody listened."""

    def __init__(self) -> None:
        self.asked_for = ""
        self._asked: dict[str, Asked] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep what any engine asks meanwhile."""
        event.listen(Engine, "before_cursor_execute", self._keep)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._keep)

    def __iter__(self) -> Iterator[Asked]:
        return iter(self._asked.values())

    def __len__(self) -> int:
        return len(self._asked)

    def _keep(self, *heard: Any) -> None:
        _, _, sql, values, _, many = heard
        if sql.split(None, 1)[0] in {"SELECT", "UPDATE", "DELETE"}:
            asked = Asked(sql, tuple(values[0] if many else values), self.asked_for)
            self._asked.setdefault(" ".join((sql, *_spelt_out(asked))), asked)


class Plans:
    """Asks a database how it would answer; its rows don't matter, because it keeps no statistics."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._partial = dict(
            connection.execute(
                "SELECT name, substr(sql, instr(sql, ' WHERE ') + 7) FROM sqlite_master"
                " WHERE type = 'index' AND sql LIKE '% WHERE %'"
            ).fetchall()
        )

    def growing(self, asked: Asked) -> list[str]:
        """Return the steps that take longer the longer history is; empty: none."""
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {asked.sql}", asked.values).fetchall()
        steps, conditions = [row[3] for row in rows], _conditions(asked)
        found, all_few = [], True
        for step in steps:
            match = STEP.match(step)
            if match is None or match[2] in SMALL or match[2] not in conditions:
                continue
            is_few = self._leads_to_few(match, conditions[match[2]]) or self._is_one(match)
            all_few = all_few and is_few
            if not is_few and not self._stops(match, conditions[match[2]], asked.sql):
                found.append(step)
        if not all_few:
            found += [step for step in steps if "TEMP B-TREE" in step]
        return found

    def _leads_to_few(self, step: re.Match[str], conditions: frozenset[str]) -> bool:
        """Tell whether what the index looks up is met by few rows."""
        looked_up = {each for each in conditions if each.split()[0] in self._looked_up(step)}
        return any(few <= looked_up for few in FEW.get(step[2], ()))

    def _stops(self, step: re.Match[str], conditions: frozenset[str], sql: str) -> bool:
        """Tell whether it ends at its limit, and walks over none that it doesn't want."""
        looked_up, passed_over = self._looked_up(step), PASSED_OVER.get(step[2], {})
        if any(each.split()[0] not in looked_up and each not in passed_over for each in conditions):
            return False
        greatest = re.search(r'max\(\w+\."?(\w+)', sql)
        return (
            " LIMIT ? OFFSET ?" in sql if greatest is None else self._ends_with(step, greatest[1])
        )

    def _ends_with(self, step: re.Match[str], column: str) -> bool:
        """Tell whether the index has the column next to what is looked up: then its last row is the greatest."""
        if not step[3]:
            return step[1] == "SEARCH"
        columns = [row[2] for row in self._connection.execute(f"PRAGMA index_info({step[3]})")]
        return columns[(step[4] or "").count("=?") :][:1] == [column]

    def _is_one(self, step: re.Match[str]) -> bool:
        """Tell whether a row is looked up by its whole key."""
        index, terms = step[3] or "", step[4] or ""
        if not index.startswith("sqlite_autoindex"):
            return terms == "rowid=?"
        columns = self._connection.execute(f"PRAGMA index_info({index})").fetchall()
        return terms.count("=?") == len(columns)

    def _looked_up(self, step: re.Match[str]) -> set[str]:
        """Return the columns that are looked up in the index, and that of a partial one's condition."""
        columns = set(re.findall(r'"?(\w+)"?[=<>]', step[4] or "")) - {"rowid"}
        if "rowid" in (step[4] or ""):
            columns |= {"index", "id", "entry", "of_entry", "agent_id"}
        if step[3] in self._partial:
            columns.add(self._partial[step[3]].split()[0])
        return columns


def growing(database: Path, statements: Statements) -> dict[str, list[str]]:
    """Return each statement that takes longer the longer history is, and in which steps."""
    with closing(sqlite3.connect(database)) as connection:
        plans = Plans(connection)
        told = ((asked, plans.growing(asked)) for asked in statements)
        return {f"{asked.asked_for}: {asked.sql}": found for asked, found in told if found}


def _conditions(asked: Asked) -> dict[str, frozenset[str]]:
    """Return the conditions on each table that is asked, without their values."""
    tables = {name: set[str]() for name in re.findall(r"(?:FROM|JOIN|UPDATE) (\w+)", asked.sql)}
    bounds: dict[tuple[str, str], dict[str, int]] = {}
    for match in CONDITION.finditer(asked.sql):
        table, field, how = match.groups()
        words = how.split()[0] if "?" in how else how
        if words == "=" and field in SPELT_OUT:
            words = f"= {asked.values[asked.sql.count('?', 0, match.start())]}"
        tables.setdefault(table, set()).add(f"{field} {words}")
        value = asked.values[asked.sql.count("?", 0, match.start())] if "?" in how else None
        if words in {">=", "<"} and isinstance(value, int):
            bounds.setdefault((table, field), {})[words] = value
    for (table, field), bound in bounds.items():
        if bound.get("<", DAY_US) - bound.get(">=", 0) <= DAY_US:
            tables[table].add(f"{field} within a day")
    return {table: frozenset(found) for table, found in tables.items()}


def _spelt_out(asked: Asked) -> list[str]:
    found = {each for conditions in _conditions(asked).values() for each in conditions}
    return sorted(each for each in found if each.split()[0] in SPELT_OUT)
