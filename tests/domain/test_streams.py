"""Streams fold alone (D50): any ledger, folded in any order that keeps each stream's, gives the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import PLANT_STREAM, Entry
from redrabbit.domain.record_comparison import Folded
from tests.domain.folded import AT, CHECK, ISSUED, OCCURRENCE, PART, RUN, VERDICT, FoldedLedger

LINES = ("line1", "line2")
HOMES = {"RR-0001": "line1", "RR-0002": "line2", "RR-0003": PLANT_STREAM}
"""Where each piece is at home; runs of both lines use any of them."""

Move = tuple[str, str, str]


class Plant:
    """Two lines with a check each, told step by step."""

    def __init__(self) -> None:
        self.ledger = FoldedLedger()
        self._runs = dict.fromkeys(LINES, 0)
        self._uses = dict.fromkeys(HOMES, 0)
        for line in LINES:
            self.ledger.say_on(line, "station_adopted", station_id="op20", line=line)
            self.ledger.say_on(line, "check_adopted", **(CHECK | {"line": line}))
        for part, home in HOMES.items():
            self.ledger.say_on(home, "part_registered", **(PART | {"part_id": part}))

    def move(self, what: str, line: str, part: str) -> None:
        getattr(self, what)(line, part)

    def run(self, line: str, part: str) -> None:
        """Use a piece on a line, wherever it is at home."""
        run, home = self._begin(line), HOMES[part]
        self._uses[part] += 1
        about = {**AT, "run_id": run, "step": 0, "part_id": part}
        issued = ISSUED | about | {"part_stream": home, "use_number": self._uses[part]}
        self.ledger.say_on(line, "part_issued", **issued)
        lent = {"part_id": part, "run_id": run}
        if home != line:
            number = self._uses[part]
            self.ledger.say_on(home, "part_handed_over", **lent, to_line=line, use_number=number)
        presented = {**AT, "run_id": run, "step": 0, "attempt": 1, "presented_how": "edge"}
        self.ledger.say_on(line, "part_presented", **presented)
        self.ledger.say_on(line, "verdict_reached", **(VERDICT | about))
        self.ledger.say_on(
            line, "part_given_back", **about, run_step=0, state="awaiting_confirmation"
        )
        if home != line:
            self.ledger.say_on(home, "part_handed_back", **lent, from_line=line)
        closed = {**AT, "run_id": run, "outcome": "passed", "confirmed": True}
        self.ledger.say_on(line, "run_closed", **closed)

    def lose(self, line: str, part: str) -> None:
        del line
        home = HOMES[part]
        self.ledger.say_on(home, "part_missing", part_id=part)
        self.ledger.say_on(home, "part_found", part_id=part)

    def quarantine(self, line: str, part: str) -> None:
        del line
        state = {"state": "quarantined", "state_code": "person", "state_text": "bent"}
        self.ledger.say_on(HOMES[part], "part_state_changed", part_id=part, **state)

    def register(self, line: str, part: str) -> None:
        del line
        told = PART | {"part_id": part, "storage": "drawer B9"}
        self.ledger.say_on(HOMES[part], "part_registered", **told)

    def owe(self, line: str, part: str) -> None:
        del part
        number = self._begin_number(line)
        occurrence = {"occurrence_id": f"{line}-O-{number}", "trigger_key": str(number)}
        self.ledger.say_on(line, "occurrence_made", **(OCCURRENCE | occurrence | {"line": line}))

    def retire(self, line: str, part: str) -> None:
        del part
        self.ledger.say_on(line, "station_retired", station_id="op20")
        self.ledger.say_on(line, "station_adopted", station_id="op20", line=line)

    def restart(self, line: str, part: str) -> None:
        del part
        number = self._begin_number(line)
        self.ledger.say_on(PLANT_STREAM, "agent_started", agent_id=number, software="test")

    def _begin(self, line: str) -> str:
        run = f"{line}-R-{self._begin_number(line)}"
        told = RUN | {"run_id": run, "line": line, "occurrence_id": None}
        self.ledger.say_on(line, "run_started", **told)
        return run

    def _begin_number(self, line: str) -> int:
        self._runs[line] += 1
        return self._runs[line]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["run", "lose", "quarantine", "register", "owe", "retire", "restart"]),
        st.sampled_from(LINES),
        st.sampled_from(sorted(HOMES)),
    ),
    max_size=12,
)


def interleaved(entries: Sequence[Entry], data: st.DataObject) -> Iterator[Entry]:
    """Yield the entries in any order that keeps that of each stream."""
    streams: dict[str, list[Entry]] = {}
    for entry in entries:
        streams.setdefault(entry.stream, []).append(entry)
    while streams:
        name = data.draw(st.sampled_from(sorted(streams)))
        count = data.draw(st.integers(1, len(streams[name])))
        yield from streams[name][:count]
        del streams[name][:count]
        if not streams[name]:
            del streams[name]


def records_of(entries: Sequence[Entry]) -> Mapping[type[Any], Any]:
    folded = Folded(fold)
    for entry in entries:
        folded.add(entry)
    return folded.records


@given(MOVES, st.data())
@settings(max_examples=150)
def test_any_ledger_folds_to_the_same_records_in_any_interleaving(
    moves: list[Move], data: st.DataObject
) -> None:
    """D50."""
    plant = Plant()
    for move in moves:
        plant.move(*move)
    entries = plant.ledger.entries
    assert records_of(list(interleaved(entries, data))) == records_of(entries)
