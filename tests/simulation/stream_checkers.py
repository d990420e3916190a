"""Checkers of streams: one record, one stream (D50), and a piece that serves two lines (L5)."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import Entry
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import KEYS, TABLES, ChallengePartRecord
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by


class StreamChecker:
    """Folds the entries of a whole shift again, in other orders, and compares every record.

    Streams fold independently: only the order within each one counts.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        del scene, story
        self._entries += commit.entries

    def at_end(self, scene: Scene, story: Story) -> None:
        del story
        records = {kind: _by_key(kind, scene.ask(lambda r, k=kind: r.find(k))) for kind in TABLES}  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        for names in (sorted(self._streams()), sorted(self._streams(), reverse=True)):
            folded = Folded(fold)
            for name in names:
                for entry in self._entries:
                    if entry.stream == name:
                        folded.add(entry)
            for kind, found in folded.records.items():
                told = records[kind]
                wrong = {key for key in told.keys() | found if told.get(key) != found.get(key)}
                require("D50", not wrong, f"{kind.__name__} differs, folded {names}", wrong)

    def _streams(self) -> set[str]:
        return {entry.stream for entry in self._entries}


class LoanChecker:
    """L5, D50: a piece used on another line is handed over and back on its own stream, once each."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._uses: Counter[str] = Counter()

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        del story
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "part_issued":
                self._uses[told["part_id"]] += 1
                lent = told["part_stream"] != entry.stream
                self._must_be_told(commit, "part_handed_over", told, told["part_stream"], lent)
            elif entry.type == "part_given_back":
                piece = scene.ask(lambda r, p=told["part_id"]: r.get(ChallengePartRecord, p))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                assert piece is not None
                lent = piece.stream != entry.stream
                self._must_be_told(commit, "part_handed_back", told, piece.stream, lent)

    def at_end(self, scene: Scene, story: Story) -> None:
        del story
        for part in scene.ask(lambda reader: reader.find(ChallengePartRecord)):
            uses = self._uses[part.part_id]
            require("L5", part.uses == uses, f"used {uses} times, counted otherwise", part)

    def _must_be_told(self, commit: Commit, type_: str, told: Any, home: str, lent: bool) -> None:
        found = [
            entry.stream
            for entry in commit.entries
            if entry.type == type_ and told_by(entry)["part_id"] == told["part_id"]
        ]
        require("L5", found == ([home] if lent else []), f"{type_} is not told once", told, found)
        self.seen[f"L5 {type_}"] += lent


def _by_key(kind: type[Any], records: Iterable[Any]) -> dict[tuple[Any, ...], Any]:
    return {tuple(getattr(record, name) for name in KEYS[kind]): record for record in records}
