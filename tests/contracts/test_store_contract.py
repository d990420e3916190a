"""What every database promises, in memory, on SQLite and on PostgreSQL alike."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.codec import plain
from redrabbit.domain.facts.plant import (
    IN_FORCE_CHANGED,
    InForceItem,
    InForceKind,
    in_force_digest,
)
from redrabbit.domain.ledger import LogState, read_entry
from redrabbit.domain.merkle import Tree, leaf_hash, stored_frontier, verify_inclusion
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.records import (
    KEYS,
    OccurrenceRecord,
    PauseRecord,
    RunRecord,
    StationRecord,
)
from redrabbit.domain.session import Session
from redrabbit.services.deliveries import (
    CheckpointsSent,
    MessagesWaiting,
    ParkedMessage,
    ParkedReason,
)
from redrabbit.services.errors import DuplicateRecord, NotRecordable, StoreTrouble
from redrabbit.services.ports import (
    Database,
    KeptAct,
    KeptCycles,
    OutgoingMessage,
    UnitOfWork,
    Where,
    equals,
)
from redrabbit.store import outbox
from redrabbit.store.database import SqlDatabase
from redrabbit.store.engine import parsed_url, writer_engine
from redrabbit.store.ledger import insert_head
from redrabbit.store.log_key import load_key, new_key
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.outbox import Delivery
from redrabbit.store.remembered_head import RememberedHead
from redrabbit.store.tables import BESIDE, metadata
from tests.logs import root
from tests.stored import (
    RECORDING,
    START,
    SteppingClock,
    bare,
    happened,
    occurrence,
    pause,
    put,
    sample,
    sample_beside,
)

TARGETS = (
    NotificationTarget(name="andon", kind=TargetKind.MQTT),
    NotificationTarget(name="mail", kind=TargetKind.WEBHOOK, events=frozenset({"missed"})),
)
ITEM = InForceItem(kind=InForceKind.PLAN, id="CP-7", revision="3", digest="7" * 64)
WITH_TARGETS = replace(RECORDING, targets=TARGETS)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    clock = SteppingClock()
    opened: Any
    if request.param == "memory":
        key = new_key("Plant 1")
        opened = MemoryDatabase(
            origin=key.origin, clock=clock, recording=WITH_TARGETS, seal=key.seal
        )
    else:
        url = f"sqlite:///{tmp_path / 'plant.db'}"
        key_path = tmp_path / "plant.key"
        if request.param == "postgresql":
            url, key_path = request.getfixturevalue("emptied_postgresql")
        opened = open_database(
            url, plant="Plant 1", clock=clock, recording=WITH_TARGETS, key_path=key_path
        )
    with opened:
        yield opened


@pytest.fixture(scope="module")
def kept_postgresql(
    postgresql_module_url: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """A PostgreSQL database with its tables and its key: making both anew takes most of a test."""
    key_path = tmp_path_factory.mktemp("key") / "plant.key"
    open_database(
        postgresql_module_url,
        plant="Plant 1",
        clock=SteppingClock(),
        recording=RECORDING,
        key_path=key_path,
    ).close()
    return postgresql_module_url, key_path


@pytest.fixture
def emptied_postgresql(kept_postgresql: tuple[str, Path]) -> tuple[str, Path]:
    """The same with nothing in it."""
    url, key_path = kept_postgresql
    engine = writer_engine(parsed_url(url))
    with engine.begin() as connection:
        names = ", ".join(metadata.tables)
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        insert_head(connection, LogState(), load_key(key_path).seal)
    engine.dispose()
    RememberedHead(key_path).forget()
    return kept_postgresql


async def test_what_was_written_through_the_port_is_read_through_it(
    database: MemoryDatabase | SqlDatabase,
) -> None:
    """L8: the answer comes after the commit; the type checker holds both databases to the port."""
    port: Database = database
    index = await port.write(lambda work: work.append(put(pause(1, line="line1"))).index)
    found = await port.read(
        lambda reader: (reader.get(PauseRecord, "line1-P-1"), reader.head().size)
    )
    assert found == (pause(1, line="line1"), index + 1)


async def test_a_refusal_comes_out_of_the_port_and_nothing_was_written(
    database: MemoryDatabase | SqlDatabase,
) -> None:
    port: Database = database

    def refused(work: UnitOfWork) -> None:
        work.append(put(pause(1)))
        raise Refusal("not_now")

    with pytest.raises(Refusal):
        await port.write(refused)
    assert await port.read(lambda reader: reader.get(PauseRecord, "line1-P-1")) is None


@pytest.mark.parametrize("make", [sample, bare], ids=["full", "bare"])
def test_a_record_of_each_kind_comes_back_as_it_was_put(database: Any, make: Any) -> None:
    for kind, names in KEYS.items():
        record = make(kind)
        key = tuple(getattr(record, name) for name in names)
        database.write_now(lambda work, record=record: work.append(put(record)))
        back = database.read_now(lambda reader, kind=kind, key=key: reader.get(kind, *key))
        assert back == record
        assert [type(v) for v in _values(back)] == [type(v) for v in _values(record)]


def _values(record: Any) -> list[object]:
    return [getattr(record, name) for name in record.__slots__]


def test_a_record_that_is_not_there_is_none(database: Any) -> None:
    assert database.read_now(lambda reader: reader.get(PauseRecord, "line1-P-1")) is None


def test_putting_again_replaces(database: Any) -> None:
    database.write_now(lambda work: work.append(put(pause(1, reason_text="old"))))
    database.write_now(lambda work: work.append(put(pause(1, reason_text="new"))))
    found = database.read_now(lambda reader: reader.find(PauseRecord))
    assert [record.reason_text for record in found] == ["new"]


def test_a_fold_sees_what_the_same_command_has_put(database: Any) -> None:
    def twice(work: Any) -> None:
        work.append(put(pause(1, reason_text="first")))
        work.append(put(pause(1, reason_text="second"), type_="put_if_absent"))

    database.write_now(twice)
    found = database.read_now(lambda reader: reader.get(PauseRecord, "line1-P-1"))
    assert found.reason_text == "first"


THREE = START + timedelta(hours=3)

SELECTIONS: list[tuple[tuple[Where, ...], list[int]]] = [
    ((equals("outcome", None),), [1, 2]),
    ((Where("outcome", "!=", None),), [3, 4]),
    ((Where("outcome", "!=", "passed"),), [1, 2, 4]),  # None is different from a value
    ((equals("outcome", "passed"),), [3]),
    ((Where("due_at", "<", THREE),), [1, 2]),
    ((Where("due_at", "<=", THREE),), [1, 2, 3]),
    ((Where("due_at", ">", THREE),), [4]),
    ((Where("due_at", ">=", THREE),), [3, 4]),
    ((Where("outcome", "<", "q"),), [3, 4]),  # None is not less than a value
    ((Where("outcome", "in", ("failed", "lapsed")),), [4]),
    ((Where("outcome", "in", ()),), []),
    ((equals("overdue_told", True),), [2, 4]),
    ((equals("station", "A"), equals("outcome", None)), [1]),
]

ORDERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4]),
    ({"descending": True}, [4, 3, 2, 1]),
    ({"order_by": "station"}, [1, 3, 2, 4]),
    ({"order_by": "outcome"}, [1, 2, 4, 3]),  # None comes first, equals come by key
    ({"order_by": "outcome", "descending": True}, [3, 4, 2, 1]),
    ({"order_by": "due_at", "limit": 2}, [1, 2]),
]


def _four_occurrences(work: Any) -> None:
    outcomes = (None, None, "passed", "failed")
    for number, outcome in reversed(list(enumerate(outcomes, start=1))):
        record = occurrence(
            number,
            outcome=outcome,
            station="A" if number % 2 else "B",
            due_at=START + timedelta(hours=number),
            overdue_told=number % 2 == 0,
        )
        work.append(put(record))


def test_conditions_select_and_count(database: Any) -> None:
    database.write_now(_four_occurrences)
    for where, expected in SELECTIONS:
        found = database.read_now(lambda r, where=where: r.find(OccurrenceRecord, *where))
        assert [record.number for record in found] == expected, where
        number = database.read_now(lambda r, where=where: r.count(OccurrenceRecord, *where))
        assert number == len(expected), where


def test_records_come_in_the_order_asked_for(database: Any) -> None:
    database.write_now(_four_occurrences)
    for asked, expected in ORDERS:
        found = database.read_now(lambda r, asked=asked: r.find(OccurrenceRecord, **asked))
        assert [record.number for record in found] == expected, asked


def test_text_is_ordered_by_code_point_everywhere(database: Any) -> None:
    names = ["b", "B", "a", "é", "中", "10", "9", "_", "😀"]
    for name in names:
        record = sample(StationRecord, line="line1", station_id=name)
        database.write_now(lambda work, record=record: work.append(put(record)))
    found = database.read_now(lambda reader: reader.find(StationRecord))
    assert [record.station_id for record in found] == sorted(names)


@pytest.mark.parametrize(
    ("where", "order_by"),
    [
        pytest.param((), "colour", id="to order by"),
        pytest.param((equals("colour", "red"),), None, id="to select by"),
    ],
)
def test_an_unknown_field_is_refused(database: Any, where: Any, order_by: str | None) -> None:
    with pytest.raises(ValueError, match="colour"):
        database.read_now(lambda reader: reader.find(PauseRecord, *where, order_by=order_by))


def test_naive_instants_are_refused_in_records_and_in_questions(database: Any) -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without time zone"):
        database.read_now(lambda r: r.find(PauseRecord, Where("begins_at", "<", naive)))
    with pytest.raises(ValueError, match="without time zone"):
        database.write_now(lambda work: work.beat("agent", naive))


def test_an_entry_keeps_event_actor_context_and_both_instants(database: Any) -> None:
    entry = database.write_now(lambda work: work.append(happened("noted", "line-1", n=[1, "é"])))
    assert (entry.index, entry.stream, entry.stream_seq, entry.previous) == (0, "line-1", 0, "")
    assert entry.occurred_at == START
    assert entry.recorded_at > START
    assert (entry.in_force, entry.plan, entry.software) == ("", None, "0.1.0")
    stored = database.read_now(lambda reader: reader.stored_entry(0))
    assert read_entry(stored, 0) == entry
    assert database.read_now(lambda reader: reader.entries()) == [entry]


def test_a_stored_entry_that_is_not_there_is_a_key_error(database: Any) -> None:
    with pytest.raises(KeyError):
        database.read_now(lambda reader: reader.stored_entry(0))


def test_streams_are_numbered_and_chained_each_for_itself(database: Any) -> None:
    for number in range(6):
        stream = "line-1" if number % 3 else "plant"
        database.write_now(lambda work, stream=stream: work.append(happened("noted", stream)))
    entries = database.read_now(lambda reader: reader.entries(1, 4))
    assert [(e.index, e.stream, e.stream_seq) for e in entries] == [
        (1, "line-1", 0),
        (2, "line-1", 1),
        (3, "plant", 1),
        (4, "line-1", 2),
    ]
    before = database.read_now(lambda reader: reader.tree_node(0, 2))
    assert entries[3].previous == before.hex()


def test_any_proof_is_read_off_the_nodes_that_are_kept(database: Any) -> None:
    """D26: by some look-ups, whatever stands between."""
    for _ in range(37):
        database.write_now(lambda work: work.append(happened("noted")))

    def ask(reader: Any) -> None:
        head = reader.head()
        tree = Tree(head.size, reader.tree_node)
        assert tree.root().hex() == head.root
        assert stored_frontier(head.size, reader.tree_node).root.hex() == head.root
        for index in range(head.size):
            leaf = leaf_hash(reader.stored_entry(index).raw)
            proof = tree.inclusion(index)
            assert verify_inclusion(leaf, index, head.size, proof, bytes.fromhex(head.root))

    database.read_now(ask)


def test_the_head_always_covers_the_whole_ledger(database: Any) -> None:
    for number in range(5):
        database.write_now(lambda work: work.append(happened("noted")))
        head = database.read_now(lambda reader: reader.head())
        raws = database.read_now(
            lambda reader, n=number: [reader.stored_entry(i).raw for i in range(n + 1)]
        )
        assert head.size == number + 1
        assert head.root == root(leaf_hash(raw) for raw in raws).hex()
        assert head.checkpoint.startswith(database.origin + "\n")


def test_a_command_that_raises_leaves_nothing_behind(database: Any) -> None:
    database.write_now(lambda work: work.append(put(occurrence(1))))
    before = database.read_now(lambda reader: reader.head())

    def refused(work: Any) -> None:
        work.append(put(occurrence(1, reason_text="changed")))
        work.append(put(occurrence(2)))
        work.send(OutgoingMessage(event="missed", key="k", payload={}))
        work.beat("agent", START)
        raise Refusal("part_expired", part="RR-1")

    with pytest.raises(Refusal, match="part_expired"):
        database.write_now(refused)
    assert database.read_now(lambda reader: reader.find(OccurrenceRecord)) == [occurrence(1)]
    assert database.read_now(lambda reader: reader.head()) == before
    assert database.read_now(lambda reader: list(reader.entries(1))) == []
    assert database.read_now(lambda r: r.waiting_deliveries("andon", 9)) == []
    assert database.read_now(lambda reader: reader.heartbeats()) == {}
    database.write_now(lambda work: work.append(put(occurrence(2))))
    assert database.read_now(lambda reader: reader.head()).size == 2


def test_a_cancelled_or_exiting_command_is_rolled_back_like_any_other(database: Any) -> None:
    def leaves(work: Any) -> None:
        work.append(put(pause(1)))
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        database.write_now(leaves)
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 0
    assert database.write_now(lambda work: work.append(happened("noted"))).index == 0


def test_a_second_occurrence_with_the_same_trigger_is_a_clear_error(database: Any) -> None:
    database.write_now(lambda work: work.append(put(occurrence(1, check_id="c", trigger_key="t"))))
    with pytest.raises(DuplicateRecord, match="occurrences"):
        database.write_now(
            lambda work: work.append(put(occurrence(2, check_id="c", trigger_key="t")))
        )
    assert database.read_now(lambda reader: reader.count(OccurrenceRecord)) == 1
    assert database.read_now(lambda reader: reader.head()).size == 1


def test_a_command_that_swallows_a_failed_write_is_lost_all_the_same(database: Any) -> None:
    database.write_now(lambda work: work.append(put(occurrence(1, check_id="c", trigger_key="t"))))

    def swallows(work: Any) -> str:
        work.append(put(pause(1)))
        with pytest.raises(DuplicateRecord):
            work.append(put(occurrence(2, check_id="c", trigger_key="t")))
        return "all is well"

    with pytest.raises(DuplicateRecord):
        database.write_now(swallows)
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 0


def test_a_trigger_is_free_again_once_its_record_is_changed(database: Any) -> None:
    database.write_now(lambda work: work.append(put(occurrence(1, check_id="c", trigger_key="t"))))
    database.write_now(lambda work: work.append(put(occurrence(1, check_id="c", trigger_key="u"))))
    database.write_now(lambda work: work.append(put(occurrence(2, check_id="c", trigger_key="t"))))
    database.write_now(lambda work: work.append(put(occurrence(2, check_id="c", trigger_key="v"))))
    database.write_now(lambda work: work.append(put(occurrence(3, check_id="c", trigger_key="t"))))
    assert database.read_now(lambda reader: reader.count(OccurrenceRecord)) == 3


def test_a_record_that_would_not_come_back_as_it_was_put_is_refused(database: Any) -> None:
    """1 in place of 1.0 would come back as 1.0, and verification would call it altered."""
    event = put(sample(RunRecord, late_s=1))
    with pytest.raises(TypeError, match=r"RunRecord\.late_s is 1, not float"):
        database.write_now(lambda work: work.append(event))
    assert database.read_now(lambda reader: reader.head()).size == 0
    assert database.read_now(lambda reader: reader.count(RunRecord)) == 0


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_no_database_holds_is_never_recordable(database: Any, number: int) -> None:
    """K3: trying again changes nothing, and nothing of the command stays."""

    def command(work: Any) -> None:
        work.append(put(pause(1)))
        work.append(put(sample(RunRecord, step=number)))

    with pytest.raises(NotRecordable, match="step"):
        database.write_now(command)
    assert database.read_now(lambda reader: reader.head()).size == 0
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 0
    database.write_now(lambda work: work.append(put(sample(RunRecord, step=2**63 - 1))))


def test_a_fold_that_raises_appends_nothing(database: Any) -> None:
    with pytest.raises(KeyError):
        database.write_now(lambda work: work.append(happened("put", kind="no such table")))
    assert database.read_now(lambda reader: reader.head()).size == 0


def test_numbers_go_on_from_the_last_of_their_stream_and_are_not_given_twice(
    database: Any,
) -> None:
    """D50: each line counts by itself."""

    def numbered(work: Any) -> list[int]:
        first = work.next_number(PauseRecord, "line1")
        work.append(put(pause(first)))
        more = [work.next_number(PauseRecord, line) for line in ("line1", "line2", "line1")]
        return [first, *more]

    assert database.write_now(numbered) == [1, 2, 1, 3]
    assert database.write_now(numbered) == [2, 3, 1, 4]


def test_a_line_goes_on_from_its_own_largest_number(database: Any) -> None:
    """D50: what schema 1 numbered through the whole plant keeps its number, and is counted."""
    for number, line in ((7, "line1"), (9, "line2")):
        old = pause(number, pause_id=f"P-{number}", line=line)
        database.write_now(lambda work, old=old: work.append(put(old)))
    asked = ("line1", "line2", "line3")
    given = database.write_now(lambda w: [w.next_number(PauseRecord, line) for line in asked])
    assert given == [8, 10, 1]


def test_numbered_records_come_by_stream_and_number(database: Any) -> None:
    """As numbers, not as texts: line1-P-9 comes before line1-P-10."""
    for line, number in (("line2", 1), ("line1", 10), ("line1", 9)):
        record = pause(number, line=line, pause_id=f"{line}-P-{number}")
        database.write_now(lambda work, record=record: work.append(put(record)))
    found = database.read_now(lambda reader: reader.find(PauseRecord))
    assert [each.pause_id for each in found] == ["line1-P-9", "line1-P-10", "line2-P-1"]


def test_now_is_read_once_a_command(database: Any) -> None:
    first, again = database.write_now(lambda work: (work.now, work.now))
    later = database.write_now(lambda work: work.now)
    assert first == again < later
    assert first.tzinfo is not None


def test_messages_wait_for_each_target_that_wants_them(database: Any) -> None:
    def tells(work: Any) -> None:
        work.send(OutgoingMessage(event="missed", key="run-1", payload={"run": 1}))
        work.send(OutgoingMessage(event="overdue", key="o-1", payload={"é": [1.5, None]}))

    database.write_now(tells)
    andon = waiting(database, "andon")
    assert [(d.target, d.event, d.key, d.attempts) for d in andon] == [
        ("andon", "missed", "run-1", 0),
        ("andon", "overdue", "o-1", 0),
    ]
    assert [(d.target, d.event, d.key) for d in waiting(database, "mail")] == [
        ("mail", "missed", "run-1")
    ]
    assert waiting(database, "pager") == []
    assert andon[1].payload == '{"é":[1.5,null]}'
    assert andon[0].created_at > START
    assert database.read_now(lambda reader: len(reader.waiting_deliveries("andon", 1))) == 1


def test_a_receiver_is_not_told_of_itself(database: Any) -> None:
    """D48: that it is not reached would wait until it is."""
    message = OutgoingMessage(event="missed", key="k", payload={}, not_to="andon")
    database.write_now(lambda work: work.send(message))
    assert (len(waiting(database, "andon")), len(waiting(database, "mail"))) == (0, 1)


def test_a_message_is_held_while_it_grows_and_goes_to_who_wants_it_when_it_is_released(
    database: Any,
) -> None:
    """Decision 0035: over several commands; one that is taken back leaves it as it was."""

    def holds(count: int) -> OutgoingMessage:
        return OutgoingMessage(event="missed", key="first", payload={"count": count})

    assert database.write_now(lambda work: work.held("missed")) is None
    database.write_now(lambda work: work.hold(holds(1)))
    with pytest.raises(ZeroDivisionError):
        database.write_now(lambda work: (work.hold(holds(7)), 1 / 0))
    assert database.write_now(lambda work: work.held("missed")) == holds(1)
    assert database.write_now(lambda work: work.held("overdue")) is None
    database.write_now(lambda work: work.hold(holds(2)))
    assert database.write_now(lambda work: work.forget_delivered(work.now, 10)) == 0
    assert (waiting(database, "andon"), waiting(database, "mail")) == ([], [])
    assert database.read_now(lambda reader: reader.messages_waiting()) == []
    with pytest.raises(ZeroDivisionError):
        database.write_now(lambda work: (work.release(), 1 / 0))
    assert waiting(database, "andon") == []
    released_at = database.write_now(lambda work: (work.now, work.release()))[0]
    assert [(d.key, d.payload, d.created_at) for d in waiting(database, "andon")] == [
        ("first", '{"count":2}', released_at)
    ]
    assert [d.key for d in waiting(database, "mail")] == ["first"]
    assert waiting(database, "pager") == []
    database.write_now(lambda work: work.release())
    assert len(waiting(database, "andon")) == 1, "once"
    assert database.write_now(lambda work: work.held("missed")) is None


def waiting(database: Any, target: str) -> list[Delivery]:
    found: list[Delivery] = database.read_now(lambda reader: reader.waiting_deliveries(target, 10))
    return found


async def test_a_message_that_failed_stays_before_those_behind_it(database: Any) -> None:
    """A receiver gets its messages in order, over restarts too; other receivers are not held up."""

    def tells(work: Any) -> None:
        for key in ("first", "second"):
            work.send(OutgoingMessage(event="missed", key=key, payload={}))

    database.write_now(tells)
    first, second = await database.outbox.waiting("andon", 10)
    again_at = START + timedelta(days=2)
    await database.outbox.failed(first.outbox_id, "andon", "503", again_at)
    again, behind = await database.outbox.waiting("andon", 10)
    assert (again.key, again.attempts, again.last_error) == ("first", 1, "503")
    assert behind == second
    assert [one.attempts for one in waiting(database, "mail")] == [0, 0]


async def test_a_delivered_message_does_not_wait_any_more(database: Any) -> None:
    database.write_now(lambda work: work.send(OutgoingMessage(event="missed", key="k", payload={})))
    (due,) = await database.outbox.waiting("andon", 10)
    await database.outbox.delivered(due.outbox_id, due.target)
    assert await database.outbox.waiting("andon", 10) == []
    assert [one.key for one in waiting(database, "mail")] == ["k"]


async def test_what_was_delivered_long_ago_is_forgotten_and_nothing_that_waits(
    database: Any,
) -> None:
    """Issue 7: the outbox does not grow for ever; the ledger keeps what its messages told of."""
    for key in ("done", "waits", "parked", "young"):
        message = OutgoingMessage(event="missed", key=key, payload={})
        database.write_now(lambda work, message=message: work.send(message))
    due = {one.key: one for one in await database.outbox.waiting("andon", 10)}
    for one in (*due.values(), *waiting(database, "mail")):
        if one.key in ("done", "young") or (one.key, one.target) == ("waits", "andon"):
            await database.outbox.delivered(one.outbox_id, one.target)
        elif one.key == "parked":
            await database.outbox.parked(one.outbox_id, one.target, ParkedReason.REFUSED, "no")
    assert await database.outbox.forget_delivered(due["young"].created_at) == 1
    assert await database.outbox.forget_delivered(due["young"].created_at) == 0
    assert [one.key for one in waiting(database, "mail")] == ["waits"]
    assert {one.key for one in parked(database)} == {"parked"}
    later = due["young"].created_at + timedelta(seconds=1)
    assert await database.outbox.forget_delivered(later) == 1


async def test_messages_are_forgotten_a_few_at_a_time(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FORGOTTEN_AT_ONCE", 2)
    for _ in range(5):
        await told_twice(database)
    for target in ("andon", "mail"):
        for one in await database.outbox.waiting(target, 100):
            await database.outbox.delivered(one.outbox_id, target)
    assert await database.outbox.forget_delivered(START + timedelta(days=1)) == 10


async def told_twice(database: Any) -> None:
    def tells(work: Any) -> None:
        for key in ("first", "second"):
            work.send(OutgoingMessage(event="missed", key=key, payload={"k": key}))

    await database.write(tells)


def parked(database: Any, limit: int = 10) -> list[ParkedMessage]:
    return list(database.read_now(lambda reader: reader.parked_messages(limit)))


async def test_a_parked_message_waits_no_longer_and_says_why(database: Any) -> None:
    """D48: one that its receiver never takes holds back nothing, and is not forgotten."""
    await told_twice(database)
    first, second = await database.outbox.waiting("andon", 10)
    again_at = START + timedelta(days=2)
    await database.outbox.failed(first.outbox_id, "andon", "answered 500", again_at)
    await database.outbox.parked(first.outbox_id, "andon", ParkedReason.REFUSED, "answered 400")
    assert await database.outbox.waiting("andon", 10) == [second]
    assert len(waiting(database, "mail")) == 2
    (one,) = parked(database)
    assert (one.receiver, one.outbox_id, one.key) == ("andon", first.outbox_id, "first")
    assert (one.event, one.payload, one.created_at) == ("missed", '{"k":"first"}', first.created_at)
    assert (one.reason, one.said, one.attempts) == (ParkedReason.REFUSED, "answered 400", 2)
    assert one.parked_at > one.created_at
    assert database.read_now(lambda reader: reader.parked_counts()) == {"andon": 1}


async def test_what_waits_for_receivers_that_are_none_any_more_is_parked(database: Any) -> None:
    """K2.5; what was delivered stays delivered."""
    await told_twice(database)
    (first, _) = await database.outbox.waiting("andon", 10)
    await database.outbox.delivered(first.outbox_id, "andon")
    assert await database.outbox.park_all_but(["mail"]) == {"andon": 1}
    assert await database.outbox.park_all_but(["mail"]) == {}
    assert await database.outbox.waiting("andon", 10) == []
    (one,) = parked(database)
    assert (one.key, one.reason, one.said, one.attempts) == (
        "second",
        ParkedReason.RECEIVER_REMOVED,
        None,
        0,
    )
    assert [each.key for each in waiting(database, "mail")] == ["first", "second"]


async def test_those_last_parked_come_first(database: Any) -> None:
    await told_twice(database)
    for target in ("mail", "andon"):
        for one in await database.outbox.waiting(target, 10):
            await database.outbox.parked(one.outbox_id, target, ParkedReason.OTHERS_TAKEN, "500")
    assert [(one.receiver, one.key) for one in parked(database)] == [
        ("andon", "second"),
        ("andon", "first"),
        ("mail", "second"),
        ("mail", "first"),
    ]
    assert [(one.receiver, one.key) for one in parked(database, 1)] == [("andon", "second")]
    assert database.read_now(lambda reader: reader.parked_counts()) == {"andon": 2, "mail": 2}


async def test_it_is_counted_what_waits_for_each_receiver_and_since_when(database: Any) -> None:
    assert database.read_now(lambda reader: list(reader.messages_waiting())) == []
    await told_twice(database)
    first, second = await database.outbox.waiting("andon", 10)
    await database.outbox.delivered(first.outbox_id, "andon")
    found = database.read_now(lambda reader: list(reader.messages_waiting()))
    assert found == [
        MessagesWaiting(receiver="andon", count=1, oldest_at=second.created_at),
        MessagesWaiting(receiver="mail", count=2, oldest_at=first.created_at),
    ]


async def parked_first(database: Any) -> Delivery:
    await told_twice(database)
    first: Delivery = (await database.outbox.waiting("andon", 10))[0]
    for target in ("andon", "mail"):
        await database.outbox.parked(first.outbox_id, target, ParkedReason.REFUSED, "answered 400")
    return first


async def test_a_parked_message_can_be_sent_again_as_if_it_were_new(database: Any) -> None:
    """It comes before those that were made after it; other receivers' copies stay parked."""
    first = await parked_first(database)
    settled = database.write_now(lambda w: w.settle_parked("first", "andon", again=True))
    assert settled
    again, second = await database.outbox.waiting("andon", 10)
    assert (again.outbox_id, again.attempts, second.key) == (first.outbox_id, 0, "second")
    assert [one.receiver for one in parked(database)] == ["mail"]


async def test_a_parked_message_can_be_dropped(database: Any) -> None:
    await parked_first(database)
    assert database.write_now(lambda w: w.settle_parked("first", "andon", again=False))
    assert [one.key for one in waiting(database, "andon")] == ["second"]
    assert [one.receiver for one in parked(database)] == ["mail"]


@pytest.mark.parametrize("again", [True, False])
async def test_only_what_is_parked_is_settled(again: bool, database: Any) -> None:
    """What waits, what was delivered, and what is of another receiver stays as it is."""
    await parked_first(database)
    before = (parked(database), waiting(database, "andon"), waiting(database, "mail"))
    for key, target in (("second", "andon"), ("first", "pager"), ("third", "andon")):

        def settle(work: Any, key: str = key, target: str = target) -> bool:
            return bool(work.settle_parked(key, target, again=again))

        assert not database.write_now(settle)
    assert (parked(database), waiting(database, "andon"), waiting(database, "mail")) == before
    database.write_now(lambda work: work.settle_parked("first", "andon", again=again))
    assert not database.write_now(lambda w: w.settle_parked("first", "andon", again=again))


async def test_a_command_that_is_taken_back_parks_nothing(database: Any) -> None:
    await told_twice(database)
    (first, _) = await database.outbox.waiting("andon", 10)

    def parks(work: Any) -> None:
        work.mark_parked(first.outbox_id, "andon", ParkedReason.REFUSED, "400")
        work.park_all("mail", ParkedReason.RECEIVER_REMOVED)
        work.settle_parked("first", "andon", again=False)
        raise Refusal("no_such_page")

    with pytest.raises(Refusal):
        await database.write(parks)
    assert parked(database) == []
    assert len(await database.outbox.waiting("andon", 10)) == 2


async def test_heartbeats_say_when_each_part_was_last_alive(database: Any) -> None:
    await database.heartbeat("scheduler", START)
    await database.heartbeat("agent", START)
    await database.heartbeat("agent", START + timedelta(seconds=5))
    beats = {"agent": START + timedelta(seconds=5), "scheduler": START}
    assert await database.heartbeats() == beats


async def test_many_writers_at_once_each_get_their_own_answer(database: Any) -> None:
    def numbered(work: Any) -> int:
        number: int = work.next_number(PauseRecord, "line1")
        work.append(put(pause(number)))
        if number % 5 == 0:
            raise Refusal("every_fifth", number=number)
        return number

    answers = await asyncio.gather(
        *(database.write(numbered) for _ in range(40)), return_exceptions=True
    )
    good = [answer for answer in answers if isinstance(answer, int)]
    assert good == [1, 2, 3, 4]  # a refused number is free again, and is asked for again
    assert sum(isinstance(answer, Refusal) for answer in answers) == 36
    assert await database.read(lambda reader: reader.count(PauseRecord)) == 4


async def test_a_write_that_was_answered_is_seen_by_the_next_read(database: Any) -> None:
    for number in range(1, 11):
        await database.write(lambda work, n=number: work.append(put(pause(n))))
        assert await database.read(lambda reader: reader.count(PauseRecord)) == number


def test_a_command_cannot_wait_for_another_command(database: Any) -> None:
    with pytest.raises(RuntimeError, match="wait"):
        database.write_now(lambda _: database.write_now(lambda work: work.now))
    assert database.write_now(lambda work: work.now)


def test_a_payload_without_canonical_form_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        database.write_now(lambda work: work.append(happened("noted", x=float("nan"))))
    assert database.read_now(lambda reader: reader.head()).size == 0


def test_trouble_is_no_refusal() -> None:
    assert not issubclass(StoreTrouble, Refusal)


def test_an_entry_is_recorded_under_what_is_in_force(database: Any) -> None:
    """D52: asked per command; the fact that changes it is still recorded under what was before."""
    digest = in_force_digest((ITEM,))
    change = happened(IN_FORCE_CHANGED, items=[plain(ITEM)])

    def adopts(work: Any) -> list[str]:
        before = work.in_force
        entries = [work.append(change), work.append(happened("noted"))]
        return [before, *(entry.in_force for entry in entries), work.in_force]

    assert database.write_now(adopts) == ["", "", digest, digest]
    assert database.write_now(lambda work: work.append(happened("noted")).in_force) == digest


def test_a_refused_command_changes_nothing_that_is_in_force(database: Any) -> None:
    def refused(work: Any) -> None:
        work.append(happened(IN_FORCE_CHANGED, items=[plain(ITEM)]))
        assert work.in_force
        raise Refusal("not_now")

    with pytest.raises(Refusal):
        database.write_now(refused)
    assert database.write_now(lambda work: work.in_force) == ""


def test_each_payload_has_a_salt_of_its_own(database: Any) -> None:
    """D51."""
    for _ in range(3):
        database.write_now(lambda work: work.append(happened("noted")))
    kept = database.read_now(lambda reader: [reader.stored_entry(i) for i in range(3)])
    assert len({one.salt for one in kept}) == 3
    assert {len(one.salt) for one in kept} == {SALT_BYTES}
    assert {one.payload for one in kept} == {b"{}"}


def test_a_stated_name_is_kept_once_whatever_salt_it_comes_with(database: Any) -> None:
    first, again = (StatedName(name="李娜", salt=bytes([n]) * 16) for n in (1, 2))
    other = StatedName(name="李", salt=bytes(16))
    assert database.write_now(lambda work: work.keep_name(first)) == first.id
    assert database.write_now(lambda work: work.keep_name(again)) == first.id
    assert database.write_now(lambda work: work.keep_name(other)) == other.id
    assert database.read_now(lambda r: dict(r.names())) == {first.id: first, other.id: other}
    asked = ("李娜", "李", "娜")
    assert database.read_now(lambda r: [r.id_of_name(name) for name in asked]) == [
        first.id,
        other.id,
        None,
    ]


def test_a_blob_is_kept_once_under_its_digest(database: Any) -> None:
    """D65."""
    content = b"\x00\xffpicture"
    digest = hashlib.sha256(content).hexdigest()
    for _ in range(2):
        assert database.write_now(lambda work: work.keep_blob("picture", content)) == digest
    assert database.read_now(lambda reader: reader.blob(digest)) == content
    assert database.read_now(lambda reader: reader.blob("0" * 64)) is None


def test_an_act_is_found_again_by_its_key_and_kept_once(database: Any) -> None:
    """D65."""
    act = KeptAct(
        key="tablet-7:1",
        stream="line1",
        kind="end_pause",
        payload='{"pause_id":"line1-P-1"}',
        actor="name:anna",
        done_at=START,
        answer="{}",
    )
    database.write_now(lambda work: work.keep_act(act))
    assert database.read_now(lambda reader: reader.act(act.key)) == act
    assert database.read_now(lambda reader: reader.act("another")) is None
    with pytest.raises(DuplicateRecord):
        database.write_now(lambda work: work.keep_act(replace(act, kind="excuse")))
    assert database.read_now(lambda reader: reader.act(act.key)) == act


def test_how_long_answers_lasted_is_kept_by_station_and_replaced(database: Any) -> None:
    """D30."""
    kept = KeptCycles(line="line1", station="op20", signal="rejected", learnt_of="a", cycles="[]")
    longer = replace(kept, learnt_of="b", cycles="[1]")
    other = replace(kept, signal="accepted")
    for each in (kept, other, replace(kept, station="op30"), longer):
        database.write_now(lambda work, each=each: work.keep_cycles(each))
    found = database.read_now(lambda reader: list(reader.cycles_kept("line1", "op20")))
    assert found == [other, longer]
    assert database.read_now(lambda reader: list(reader.cycles_kept("line2", "op20"))) == []


def test_which_checkpoint_a_receiver_has_is_kept_by_its_name_and_replaced(database: Any) -> None:
    andon = CheckpointsSent(receiver="andon", since=START)
    later = replace(andon, moment=START, size=7, delivered_at=START, said="away")
    other = replace(andon, receiver="Andon")
    for sent in (andon, other, later):
        database.write_now(lambda work, sent=sent: work.keep_checkpoints_sent(sent))

    def changed_and_taken_back(work: Any) -> None:
        work.keep_checkpoints_sent(replace(later, size=8))
        assert work.checkpoints_sent()["andon"].size == 8
        raise Refusal("no_such_page")

    with pytest.raises(Refusal):
        database.write_now(changed_and_taken_back)
    kept = database.read_now(lambda reader: reader.checkpoints_sent())
    assert list(kept.items()) == [("Andon", other), ("andon", later)]


def test_what_stands_beside_the_ledger_is_rolled_back_with_its_command(database: Any) -> None:
    def refused(work: Any) -> None:
        work.keep_name(StatedName(name="李娜", salt=bytes(16)))
        work.keep_blob("picture", b"x")
        work.keep_cycles(KeptCycles(line="l", station="s", signal="x", learnt_of="a", cycles="[]"))
        raise Refusal("not_now")

    with pytest.raises(Refusal):
        database.write_now(refused)
    digest = hashlib.sha256(b"x").hexdigest()
    assert database.read_now(lambda reader: (dict(reader.names()), reader.blob(digest))) == (
        {},
        None,
    )
    assert database.read_now(lambda reader: list(reader.cycles_kept("l", "s"))) == []


@pytest.mark.parametrize("kind", BESIDE)
def test_a_row_beside_the_ledger_comes_back_as_it_was_kept(database: Any, kind: Any) -> None:
    """Decision 0039."""
    full, empty = sample_beside(kind, 1), sample_beside(kind, 2, is_bare=True)
    for row in (full, empty):
        database.write_now(lambda work, row=row: work.keep_row(row))
    keys = [[getattr(row, name) for name in kind.KEY] for row in (full, empty)]
    assert [database.read_now(lambda r, key=key: r.row(kind, *key)) for key in keys] == [
        full,
        empty,
    ]
    assert database.read_now(lambda reader: reader.rows(kind)) == sorted(
        (full, empty), key=lambda row: [getattr(row, name) for name in kind.KEY]
    )
    assert database.read_now(lambda reader: reader.row(kind, *("nobody" for _ in kind.KEY))) is None


def test_rows_beside_the_ledger_are_found_replaced_forgotten_and_rolled_back(database: Any) -> None:
    one = sample_beside(Session, 1, person_id="p-1", ended_at=None)
    other = replace(one, digest="b" * 64)
    strange = replace(one, digest="c" * 64, person_id="p-2")
    for row in (one, other, strange):
        database.write_now(lambda work, row=row: work.keep_row(row))
    ended = replace(other, ended_at=START)
    database.write_now(lambda work: work.keep_row(ended))

    def of(person_id: str) -> list[Session]:
        return list(database.read_now(lambda reader: reader.rows(Session, person_id=person_id)))

    assert (of("p-1"), of("p-2")) == ([ended, one], [strange])

    def refused(work: Any) -> None:
        work.forget_rows(Session, person_id="p-1")
        work.keep_row(replace(strange, ended_at=START))
        work.keep_row(replace(one, digest="d" * 64))
        assert (work.rows(Session, person_id="p-1"))[0].digest == "d" * 64
        raise Refusal("not_now")

    with pytest.raises(Refusal):
        database.write_now(refused)
    assert (of("p-1"), of("p-2")) == ([ended, one], [strange])
    database.write_now(lambda work: work.forget_rows(Session, person_id="p-1"))
    assert (of("p-1"), of("p-2")) == ([], [strange])
    database.write_now(lambda work: work.forget_rows(Session))
    assert database.read_now(lambda reader: reader.rows(Session)) == []
