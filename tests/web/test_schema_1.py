"""What schema 1 recorded is shown for ever: on pages, in the API, from its own ledger (D12)."""

from functools import cache
from pathlib import Path

from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import Entry, StoredEntry, read_entry
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    RunRecord,
)
from redrabbit.services.queries.containment import containment_page, containments_page
from redrabbit.services.queries.due import due_page
from redrabbit.services.queries.people import Names
from redrabbit.services.queries.run import run_page
from redrabbit.services.queries.runs import RunFilter, runs_page
from redrabbit.store.memory import MemoryDatabase
from redrabbit.web.api.alarms import alarm_model
from redrabbit.web.api.containments import containment_model
from redrabbit.web.api.ledger import entry_model
from redrabbit.web.api.obligations import occurrence_model
from redrabbit.web.api.parts import part_model
from redrabbit.web.api.pauses import pause_model
from redrabbit.web.api.runs import run_with_presentations
from tests.showcase import showcase_plant
from tests.stored import RECORDING, SteppingClock, put

LEDGER = Path(__file__).parents[1] / "domain" / "samples" / "ledger_schema_1_every_type.jsonl"
PLANT = showcase_plant()
"""It knows nothing that the old ledger speaks of."""


@cache
def entries() -> tuple[Entry, ...]:
    return tuple(
        read_entry(StoredEntry(raw=raw, salt=None, payload=None), index)
        for index, raw in enumerate(LEDGER.read_bytes().splitlines())
    )


@cache
def old() -> MemoryDatabase:
    """Return a database with the records to which the old ledger folds."""
    folded = Folded(fold)
    for entry in entries():
        folded.add(entry)
    database = MemoryDatabase(
        origin="plant", clock=SteppingClock(), recording=RECORDING, seal=lambda _log: "sealed"
    )
    for table in folded.records.values():
        for record in table.values():
            database.write_now(lambda uow, record=record: uow.append(put(record)))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    return database


NOW = entries()[-1].recorded_at


def test_every_old_run_is_shown_with_what_was_not_recorded_left_out() -> None:
    runs = old().read_now(lambda reader: reader.find(RunRecord))
    assert len(runs) > 2
    for run in runs:
        page = old().read_now(lambda r, run=run: run_page(r, PLANT, run.run_id, NOW))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        assert page.run.names is None
        assert page.where.device.en == run.device
        assert page.started_by.name == run.started_by
        told, _ = old().read_now(lambda r, run=run: run_with_presentations(r, run.run_id))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        assert (told.run_id, told.names) == (run.run_id, None)
        assert told.run_id.startswith("R-")


def test_every_old_list_is_shown() -> None:
    listed = old().read_now(lambda r: runs_page(r, PLANT, RunFilter(), NOW))
    assert {row.run for row in listed.rows} == {
        run.run_id for run in old().read_now(lambda reader: reader.find(RunRecord))
    }
    assert old().read_now(lambda r: due_page(r, PLANT, NOW)).now == NOW
    cases = old().read_now(lambda r: containments_page(r, PLANT, NOW))
    shown = (*cases.open, *cases.closed)
    assert shown
    for row in shown:
        case = row.containment
        page = old().read_now(lambda r, case=case: containment_page(r, PLANT, case, NOW))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        assert page.case == row


def test_every_old_record_is_told_by_the_api() -> None:
    reader_of = old().read_now
    told: list[object] = []
    told += [
        occurrence_model(o, Names(), NOW) for o in reader_of(lambda r: r.find(OccurrenceRecord))
    ]
    told += [containment_model(c, Names()) for c in reader_of(lambda r: r.find(ContainmentRecord))]
    told += [alarm_model(a, Names()) for a in reader_of(lambda r: r.find(AlarmRecord))]
    told += [part_model(p, Names()) for p in reader_of(lambda r: r.find(ChallengePartRecord))]
    told += [pause_model(p, Names()) for p in reader_of(lambda r: r.find(PauseRecord))]
    told += [entry_model(entry, Names()) for entry in entries()]
    assert len(told) > len(entries())
