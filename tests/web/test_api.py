"""The API: what programs read, how a run is made by calls, and every error as a problem."""

import base64
import hashlib
import json
import re
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import AGENT, Actor, StationId
from redrabbit.domain.ledger import (
    SCHEMA,
    Entry,
    Event,
    LedgerContext,
    LogState,
    StoredEntry,
    read_entry,
)
from redrabbit.domain.merkle import last_leaf, leaf_hash, verify_inclusion
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.clock_steps import note_clock_step
from redrabbit.services.errors import (
    DamagedDatabase,
    NotRecordable,
    StoreTrouble,
    TroubleWhy,
)
from redrabbit.services.ports import LedgerHead, Reader
from redrabbit.services.queries.people import Names
from redrabbit.web.api import ledger
from redrabbit.web.api.ledger import entry_model, entry_proof
from redrabbit.web.api.signals import MOST_UNPACKED_BYTES, unpacked
from tests.logs import tree_over
from tests.showcase import at
from tests.showcase_story import MISSED_RUN, OCCURRENCES, OPEN_CASE
from tests.web.conftest import Visitor

BY = {"operator": "badge 2207"}


def test_stations_carry_live_signals_with_value_or_reason(onlooker: Visitor) -> None:
    stations = onlooker.client.get("/api/v1/stations").json()["items"]
    assert len(stations) == 20
    lost = onlooker.client.get("/api/v1/stations/line4-op10").json()
    assert lost["no_data_since"] is not None
    for station in [*stations, lost]:
        for signal in station["signals"]:
            assert (signal["value"] is None) != (signal["reason"] is None)


def test_devices_have_the_status_words_of_the_domain(onlooker: Visitor) -> None:
    devices = {d["id"]: d["status"] for d in onlooker.client.get("/api/v1/devices").json()["items"]}
    assert devices["line2-op20"] == "missed"
    assert devices["line4-op10"] == "no_data"
    assert devices["line1-op20"] == "verified"


def test_a_device_has_its_cases_beside_its_status(onlooker: Visitor) -> None:
    """D35: and what is overdue, whatever the status is."""
    devices = {d["id"]: d for d in onlooker.client.get("/api/v1/devices").json()["items"]}
    (case,) = devices["line2-op20"]["cases"]
    opened_at = case.pop("opened_at")
    assert opened_at == devices["line2-op20"]["since"]
    assert case == {
        "containment": OPEN_CASE,
        "state": "open",
        "quantity": 214,
        "at_least": False,
    }
    assert devices["line2-op20"]["overdue_since"] is None
    assert devices["line2-op40"]["overdue_since"] == devices["line2-op40"]["since"]
    assert devices["line1-op20"]["cases"] == []


def test_checks_say_their_next_five_due_times(onlooker: Visitor) -> None:
    check = onlooker.client.get("/api/v1/checks/line1-op20").json()
    assert check["schedule"] == "daily at 18:00"
    assert check["next_due"][0].startswith("2026-11-23T10:00")
    assert len(check["next_due"]) == 5
    assert len(onlooker.client.get("/api/v1/checks").json()["items"]) == 20


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *OCCURRENCES.items(),
        ("failed", []),
    ],
)
def test_occurrences_are_filtered_by_their_status_now(
    onlooker: Visitor, status: str, expected: list[str]
) -> None:
    found = onlooker.client.get("/api/v1/occurrences", params={"status": status}).json()
    assert sorted(o["occurrence_id"] for o in found["items"]) == expected
    assert {o["status"] for o in found["items"]} <= {status}


def test_occurrences_are_filtered_by_line_and_time(onlooker: Visitor) -> None:
    asked = {"line": "line4", "from": at(-60).isoformat(), "to": at(0).isoformat()}
    found = onlooker.client.get("/api/v1/occurrences", params=asked).json()
    assert [o["occurrence_id"] for o in found["items"]] == OCCURRENCES["due"]


def test_pages_of_occurrences_neither_repeat_nor_skip(visitor: Visitor) -> None:
    visitor.let(visitor.plant.pass_time(2 * 24 * 3600))  # nobody verifies anything meanwhile
    made = visitor.plant.ask(lambda reader: reader.find(OccurrenceRecord))
    assert len(made) > 40
    for status in (None, "lapsed"):
        seen: list[str] = []
        cursor = None
        while True:
            asked = {"limit": 7, "cursor": cursor, "status": status}
            page = visitor.client.get(
                "/api/v1/occurrences", params={k: v for k, v in asked.items() if v is not None}
            ).json()
            seen += [o["occurrence_id"] for o in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        wanted = {o.occurrence_id for o in made if status in {None, o.outcome}}
        assert len(seen) == len(wanted)
        assert set(seen) == wanted


def test_overdue_is_what_is_overdue_now(onlooker: Visitor) -> None:
    overdue = onlooker.client.get("/api/v1/overdue").json()["items"]
    assert [o["occurrence_id"] for o in overdue] == OCCURRENCES["overdue"]
    assert onlooker.client.get("/api/v1/overdue?line=line1").json()["items"] == []


def test_nothing_is_said_to_be_overdue_while_not_all_that_came_due_is_recorded(
    visitor: Visitor,
) -> None:
    """An empty list was answered while `redrabbit overdue` listed eleven (decision 0035)."""
    since = visitor.clock.now() - timedelta(days=2)
    visitor.plant.agent.catch_up.note(since)
    answer = visitor.client.get("/api/v1/overdue")
    assert (answer.status_code, answer.json()["code"]) == (503, "catching_up")
    assert datetime.fromisoformat(answer.json()["params"]["since"]) == since
    assert answer.headers["retry-after"] == "5"
    visitor.plant.agent.catch_up.note(None)
    assert visitor.client.get("/api/v1/overdue").status_code == 200


def test_a_run_is_made_by_calls(visitor: Visitor) -> None:
    client = visitor.client
    started = client.post("/api/v1/runs", json={"check": "line1-op50", **BY})
    assert started.status_code == 201
    run = started.json()
    assert (run["state"], run["started_by"], run["started_how"]) == (
        "awaiting_part",
        "badge 2207",
        "stated",
    )
    acts = f"/api/v1/runs/{run['run_id']}"
    armed = client.post(f"{acts}/scan", json={"code": "RR-0004", **BY}).json()
    assert armed["state"] == "armed"
    assert client.post(f"{acts}/presented", json=BY).json()["state"] == "presented"
    stopped = client.post(f"{acts}/abort", json={"reason": "dropped", **BY}).json()
    assert (stopped["state"], stopped["reason_code"], stopped["reason_text"]) == (
        "awaiting_return",
        "person",
        "dropped",
    )
    back = client.post(f"{acts}/given-back", json={"code": "RR-0004", **BY}).json()
    assert back["state"] == "awaiting_confirmation"
    assert client.post(f"{acts}/confirm", json=BY).json()["outcome"] == "inconclusive"


def test_that_it_was_not_the_part_is_said_by_a_call_before_the_answer(visitor: Visitor) -> None:
    """D29."""
    client = visitor.client
    run = client.post("/api/v1/runs", json={"check": "line1-op50", **BY}).json()
    acts = f"/api/v1/runs/{run['run_id']}"
    client.post(f"{acts}/scan", json={"code": "RR-0004", **BY})
    asked = client.post(f"{acts}/feed-held", json=BY)
    assert (asked.status_code, asked.json()["code"]) == (409, "feed_not_asked")
    client.post(f"{acts}/presented", json=BY)
    for _ in range(2):  # said twice is said once
        assert client.post(f"{acts}/not-the-part", json=BY).json()["state"] == "presented"
    visitor.clock.jump(1)
    visitor.let(visitor.plant.show("line1-op50"))
    told = client.get(acts).json()
    assert told["state"] == "awaiting_return"
    (shown,) = told["presentations"]
    assert (shown["verdict"], shown["verdict_reason"]) == ("inconclusive", "not_the_part")
    assert (shown["verdict_by"], shown["verdict_how"]) == ("badge 2207", "stated")
    assert (shown["identity_kind"], told["feed_held_by"]) == (None, None)
    again = client.post(f"{acts}/not-the-part", json=BY)
    assert (again.status_code, again.json()["code"]) == (409, "answer_came")


def test_a_part_is_given_back_and_the_run_confirmed(visitor: Visitor) -> None:
    run = visitor.let(visitor.plant.run_up_to_return("line1-op20", "detected"))
    acts = f"/api/v1/runs/{run.run_id}"
    back = visitor.client.post(f"{acts}/given-back", json={"code": "RR-0001", **BY})
    assert back.json()["state"] == "awaiting_part"
    early = visitor.client.post(f"{acts}/confirm", json=BY)
    assert (early.status_code, early.json()["code"]) == (409, "not_now")


def test_a_run_comes_with_the_evidence_of_each_presentation(onlooker: Visitor) -> None:
    run = onlooker.client.get(f"/api/v1/runs/{MISSED_RUN}").json()
    first, second = run["presentations"]
    assert (first["verdict"], first["decides"]) == ("missed", True)
    assert (second["verdict"], second["decides"]) == ("detected", False)
    assert first["evidence"]["trace"]["ok"][1][1] is True


def test_a_run_and_its_verdicts_come_with_the_grade_of_their_evidence(onlooker: Visitor) -> None:
    """D28."""
    run = onlooker.client.get(f"/api/v1/runs/{MISSED_RUN}").json()
    first, second = run["presentations"]
    assert run["grade"] == "C"
    assert [first[name] for name in ("grade", "identity_kind", "answer_kind", "watched")] == [
        "C",
        "code",
        "signal",
        "unbroken",
    ]
    assert (second["grade"], second["answer_kind"]) == ("A", "code_renewed")


def test_runs_are_filtered(onlooker: Visitor) -> None:
    failed = onlooker.client.get(
        "/api/v1/runs", params={"outcome": "failed", "line": "line2"}
    ).json()
    assert [run["run_id"] for run in failed["items"]] == [MISSED_RUN]


def test_refusal_is_a_problem_in_the_readers_language(visitor: Visitor) -> None:
    run = visitor.let(visitor.plant.begin("line1-op20"))
    answer = visitor.client.post(
        f"/api/v1/runs/{run.run_id}/scan",
        json={"code": "GM-0001", **BY},
        headers={"accept-language": "zh-CN"},
    )
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (409, "wrong_part")
    assert problem["params"] == {"scanned": "GM-0001", "expected": "RR-0001"}
    assert "RR-0001" in problem["detail"]
    assert answer.headers["content-language"] == "zh"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/runs", 405, "method_not_allowed"),
        ("GET", "/api/v1/runs/0", 404, "no_such_run"),
        ("GET", "/api/v1/runs/x", 404, "no_such_run"),
        ("GET", "/api/v1/runs/line1-C-1", 404, "no_such_run"),
        ("GET", "/api/v1/runs/line1-R-99/signals", 404, "no_such_run"),
        ("GET", "/api/v1/runs?cursor=line1-R-99", 422, "not_a_cursor"),
        ("GET", "/api/v1/runs?cursor=12", 422, "not_a_cursor"),
        ("GET", "/api/v1/runs/999", 404, "no_such_run"),
        ("GET", "/api/v1/stations/op99", 404, "no_such_station"),
        ("GET", "/api/v1/checks/none", 404, "no_such_check"),
        ("GET", "/api/v1/occurrences/999", 404, "no_such_occurrence"),
        ("GET", "/api/v1/containments/999", 404, "no_such_containment"),
        ("GET", "/api/v1/occurrences?cursor=x", 422, "not_a_cursor"),
        ("GET", "/api/v1/occurrences?from=2026-01-01T00:00:00", 422, "invalid_request"),
        ("GET", "/api/v1/ledger/entries/999999", 404, "no_such_entry"),
        ("POST", "/api/v1/runs", 422, "invalid_request"),
    ],
)
def test_every_error_is_a_problem(
    onlooker: Visitor, method: str, path: str, status: int, code: str
) -> None:
    answer = onlooker.client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:redrabbit:problem:{code}"
    assert problem["title"]


def test_obligations_are_excused_and_lines_paused(visitor: Visitor) -> None:
    client = visitor.client
    excused = client.post(
        "/api/v1/excuses",
        json={"occurrence": OCCURRENCES["overdue"][0], "reason": "no material", **BY},
    )
    assert (excused.status_code, excused.json()["status"]) == (201, "excused")
    pause = {
        "line": "line1",
        "begins_at": "2026-11-23T15:00:00+08:00",
        "ends_at": "2026-11-23T16:00:00+08:00",
        "reason": "inventory",
    }
    declared = client.post("/api/v1/pauses", json={**pause, **BY})
    assert (declared.status_code, declared.json()["declared_by"]) == (201, "badge 2207")
    number = declared.json()["pause_id"]
    assert client.post(f"/api/v1/pauses/{number}/end", json=BY).json()["ended_by"] == "badge 2207"
    assert len(client.get("/api/v1/pauses").json()["items"]) == 2
    naive = pause | {"begins_at": "2026-11-23T08:00:00"}
    assert client.post("/api/v1/pauses", json={**naive, **BY}).status_code == 422


def test_containments_and_alarms_are_worked_off(visitor: Visitor) -> None:
    client = visitor.client
    assert [
        c["containment_id"] for c in client.get("/api/v1/containments?state=open").json()["items"]
    ] == [OPEN_CASE]
    ticked = client.post(f"/api/v1/containments/{OPEN_CASE}/tick", json={"step": 2, **BY}).json()
    assert ticked["reaction"][2]["done_by"] == "badge 2207"
    assert client.get(f"/api/v1/containments/{OPEN_CASE}").json()["quantity"] == 214
    assert client.post(f"/api/v1/containments/{OPEN_CASE}/stop", json=BY).status_code == 409
    alarms = client.get("/api/v1/alarms?acknowledged=false").json()["items"]
    assert [a["kind"] for a in alarms if a["station"] == "line2-op20"] == ["missed"]
    for alarm in alarms:
        client.post(f"/api/v1/alarms/{alarm['alarm_id']}/acknowledge", json=BY)
    assert client.get("/api/v1/alarms?acknowledged=false").json()["items"] == []


def test_a_case_is_repaired_verified_again_and_closed(visitor: Visitor) -> None:
    """D35."""
    client, case = visitor.client, f"/api/v1/containments/{OPEN_CASE}"
    again = {"check": "line2-op20", "containment": OPEN_CASE, **BY}
    refused = client.post("/api/v1/runs", json=again)
    assert (refused.status_code, refused.json()["code"]) == (409, "repair_not_recorded")
    assert client.post(f"{case}/repair", json={"repair": "luck", **BY}).status_code == 422
    wordless = client.post(f"{case}/repair", json={"repair": "other", **BY})
    assert wordless.json()["code"] == "repair_words_required"
    told = client.post(f"{case}/repair", json={"repair": "other", "text": "new light", **BY})
    assert {name: told.json()[name] for name in ("repair_code", "repair_text", "repaired_by")} == {
        "repair_code": "other",
        "repair_text": "new light",
        "repaired_by": "badge 2207",
    }
    assert client.post(f"{case}/close", json=BY).json()["params"] == {
        "containment": OPEN_CASE,
        "left": "reverify",
    }
    visitor.let(visitor.plant.verify("line2-op20", case=OPEN_CASE))
    assert client.post(f"{case}/repair", json={"repair": "part_worn", **BY}).status_code == 409
    for step in (1, 2, 3):
        client.post(f"{case}/tick", json={"step": step, **BY})
    assert client.get(case).json()["state"] == "reverified"
    closed = client.post(f"{case}/close", json=BY).json()
    assert (closed["state"], closed["closed_by"], closed["closed_how"]) == (
        "closed",
        "badge 2207",
        "stated",
    )


def test_runs_without_a_verdict_are_counted_and_told(visitor: Visitor) -> None:
    """F9, D4."""

    async def given_up(times: int) -> None:
        for _ in range(times):
            await visitor.plant.abort(await visitor.plant.begin("line1-op20"), "no time")

    visitor.let(given_up(3))
    client = visitor.client
    check = client.get("/api/v1/checks/line1-op20").json()
    assert check["runs_without_verdict"] == 3
    devices = {d["id"]: d for d in client.get("/api/v1/devices").json()["items"]}
    assert devices["line1-op20"]["runs_without_verdict"] == 3
    assert (devices["line1-op20"]["status"], devices["line1-op20"]["since"]) == (
        "inconclusive",
        check["without_verdict_since"],
    )
    (alarm,) = (
        a
        for a in client.get("/api/v1/alarms").json()["items"]
        if (a["kind"], a["station"]) == ("no_verdict_again", "line1-op20")
    )
    assert (alarm["runs_without_verdict"], alarm["answer_kind"]) == (3, None)


def test_parts_are_quarantined_and_released(visitor: Visitor) -> None:
    out = visitor.client.post(
        "/api/v1/challenge-parts/RR-0001/quarantine", json={"reason": "worn", **BY}
    )
    assert out.json()["state"] == "quarantined"
    back = visitor.client.post("/api/v1/challenge-parts/RR-0001/release", json=BY)
    assert back.json()["state"] == "released"
    assert len(visitor.client.get("/api/v1/challenge-parts").json()["items"]) == 40


def test_an_entry_is_proved_against_the_root(onlooker: Visitor) -> None:
    proof = onlooker.client.get("/api/v1/ledger/entries/17/proof").json()
    leaf = hashlib.sha256(b"\x00" + proof["entry"].encode()).digest()
    assert leaf.hex() == proof["leaf_hash"]
    path = tuple(bytes.fromhex(node) for node in proof["inclusion"])
    assert verify_inclusion(leaf, 17, proof["size"], path, bytes.fromhex(proof["root"]))
    assert base64.b64encode(path[0]).decode() in proof["proof"]
    checkpoint = onlooker.client.get("/api/v1/ledger/checkpoint").json()
    assert checkpoint["root"] == proof["root"]


def test_a_payload_is_proved_by_the_salted_digest_in_its_leaf(onlooker: Visitor) -> None:
    """D51: salt and payload stand beside the leaf."""
    proof = onlooker.client.get("/api/v1/ledger/entries/17/proof").json()
    salted = bytes.fromhex(proof["salt"]) + proof["payload"].encode()
    assert json.loads(proof["entry"])["payload"] == hashlib.sha256(salted).hexdigest()
    entry = onlooker.client.get("/api/v1/ledger/entries/17").json()
    assert entry["payload"] == json.loads(proof["payload"])
    assert entry["schema_version"] == SCHEMA


def test_entries_of_both_schemas_are_told_and_an_erased_payload_is_null() -> None:
    """D12, D51."""
    samples = Path(__file__).parents[1] / "domain" / "samples"
    raw = (samples / "ledger_schema_1_every_type.jsonl").read_bytes().splitlines()[0]
    old = entry_model(read_entry(StoredEntry(raw=raw, salt=None, payload=None), 0), Names())
    assert (old.schema_version, old.payload is None, old.plan is None) == (1, False, False)
    anna = StatedName(name="Anna Li", salt=b"s" * 16)
    event = Event(
        type="part_found",
        stream="line1",
        occurred_at=at(0),
        actor=Actor.stated(anna.id),
        payload={"part_id": "RR-0001"},
    )
    context = LedgerContext(in_force="", software="test")
    stored = LogState().append(event, at(0), context, b"t" * 16).stored
    whole = entry_model(read_entry(stored, 0), Names(stated={anna.id: anna}))
    assert (whole.actor, whole.actor_name) == (anna.id, "Anna Li")
    assert whole.payload == {"part_id": "RR-0001"}
    erased = entry_model(read_entry(StoredEntry(stored.raw, None, None), 0), Names())
    assert (erased.payload, erased.actor_name) == (None, None)


class DamagedLedger:
    """A reader of three entries, one of which somebody changed."""

    def __init__(self, **changed: bytes | None) -> None:
        self.log = LogState()
        self.kept: list[StoredEntry] = []
        self.nodes: list[tuple[bytes, ...]] = []
        context = LedgerContext(in_force="", software="test")
        for number in range(3):
            event = Event(
                type="part_found", stream="line1", occurred_at=at(0), actor=AGENT, payload={}
            )
            appended = self.log.append(event, at(0), context, bytes([number]) * 16)
            self.log = appended.log
            self.kept.append(appended.stored)
            self.nodes.append((appended.leaf_hash, *appended.nodes))
        self.root = self.log.root
        self.kept[1] = self.kept[1]._replace(**cast("Any", changed))

    def stored_entry(self, index: int) -> StoredEntry:
        if index >= len(self.kept):
            raise KeyError(index)
        return self.kept[index]

    def entries(self, first: int, limit: int) -> list[Entry]:
        there = range(first, min(first + limit, len(self.kept)))
        try:
            return [read_entry(self.kept[index], index) for index in there]
        except ValueError as error:
            raise DamagedDatabase(str(error)) from error

    def entries_of(self, _kind: str, **_of: object) -> list[Entry]:
        return []  # none of these entries is of a kind that is asked for by itself

    def tree_node(self, level: int, position: int) -> bytes:
        try:
            return self.nodes[last_leaf(level, position)][level]
        except IndexError as error:
            raise DamagedDatabase("its nodes of the tree are not there") from error

    def names(self) -> dict[str, StatedName]:
        return {}

    def head(self) -> LedgerHead:
        return LedgerHead(size=3, root=self.root.hex(), checkpoint="a note\n")


DAMAGES: list[dict[str, bytes | None]] = [
    {"payload": b"\xff\xff"},
    {"payload": b"[" * 100_000},
    {"payload": b"{}", "salt": None},
    {"raw": b"\xff"},
    {"raw": b"[]"},
    {"raw": b"null"},
    {"raw": b"{}"},
    {"raw": b'{"schema":2}'},
]


@pytest.mark.parametrize("changed", DAMAGES)
def test_a_damaged_entry_is_told_in_words_wherever_it_is_asked_for(
    changed: dict[str, bytes | None],
) -> None:
    reader = cast("Reader", DamagedLedger(**changed))
    for ask in (
        lambda: ledger._entry(reader, 1),
        lambda: ledger._page(reader, 0, 50),
        lambda: entry_proof(reader, 1),
    ):
        with pytest.raises(Refusal, match="entry_damaged") as caught:
            ask()
        assert caught.value.params["entry"] == 1
    assert entry_proof(reader, 0).index == 0


@pytest.mark.parametrize("payload", [b'{"more":1}', b"\xff"])
def test_an_entry_of_a_newer_version_is_proved_or_told_damaged(payload: bytes) -> None:
    damaged = DamagedLedger()
    raw = damaged.kept[1].raw.replace(b'"schema":3', b'"schema":7')
    damaged.kept[1] = StoredEntry(raw, bytes(16), payload)
    tree = tree_over(leaf_hash(stored.raw) for stored in damaged.kept)
    damaged.nodes = [
        (damaged.nodes[0][0],),
        (leaf_hash(raw), tree.root(2)),
        (damaged.nodes[2][0],),
    ]
    damaged.root = tree.root()
    reader = cast("Reader", damaged)
    if payload == b"\xff":
        with pytest.raises(Refusal, match="entry_damaged"):
            entry_proof(reader, 1)
    else:
        assert entry_proof(reader, 1).payload == '{"more":1}'


def test_where_entries_are_gone_nothing_is_proved_and_nothing_fails() -> None:
    damaged = DamagedLedger()
    del damaged.nodes[1]
    with pytest.raises(Refusal, match="entry_damaged"):
        entry_proof(cast("Reader", damaged), 0)


class UnreadableKeyChange(DamagedLedger):
    """A reader of three entries, the last of which changed the key and can't be read again."""

    def __init__(self, trouble: Exception) -> None:
        super().__init__()
        self._trouble = trouble

    def stored_entry(self, index: int) -> StoredEntry:
        if index == 2:
            raise self._trouble
        return super().stored_entry(index)

    def entries_of(self, _kind: str, **_of: object) -> list[Entry]:
        return [read_entry(self.kept[2], 2)]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(DamagedDatabase("torn"), "entry_damaged"), (KeyError(2), "no_such_entry")],
)
def test_a_change_of_the_key_that_can_not_be_read_is_told_in_words(
    trouble: Exception, code: str
) -> None:
    reader = cast("Reader", UnreadableKeyChange(trouble))
    with pytest.raises(Refusal, match=code) as caught:
        entry_proof(reader, 0)
    assert caught.value.params["entry"] == 2


def test_all_that_the_signals_did_comes_with_a_run(onlooker: Visitor) -> None:
    told = onlooker.client.get(f"/api/v1/runs/{MISSED_RUN}/signals").json()
    assert told["dropped"] == 0
    assert sorted({point[1] for point in told["signals"]["ok"]}, reverse=True) == [True, False]
    assert f'/api/v1/runs/{MISSED_RUN}/signals">' in onlooker.text(f"/runs/{MISSED_RUN}")


def test_signals_are_unpacked_within_a_bound() -> None:
    """D24: a stranger's database can't fill the memory."""
    assert unpacked(zlib.compress(b"{}")) == b"{}"
    assert unpacked(zlib.compress(b"0" * (MOST_UNPACKED_BYTES + 1))) is None
    assert unpacked(b"no zlib") is None
    assert unpacked(zlib.compress(b"cut off")[:-3]) is None


def test_ledger_entries_are_paged_in_order(onlooker: Visitor) -> None:
    page = onlooker.client.get("/api/v1/ledger/entries?limit=10&first=5").json()
    assert [entry["index"] for entry in page["items"]] == list(range(5, 15))
    following = onlooker.client.get(f"/api/v1/ledger/entries?cursor={page['next']}&limit=2").json()
    assert [entry["index"] for entry in following["items"]] == [15, 16]


def test_health_is_for_everybody_and_readiness_tells_of_a_dead_watch(visitor: Visitor) -> None:
    assert visitor.client.get("/health").json()["status"] == "alive"
    assert visitor.client.get("/ready").json()["ready"] is True
    visitor.clock.jump(60)
    answer = visitor.client.get("/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


def test_readiness_and_metrics_tell_of_a_station_that_is_not_recorded(visitor: Visitor) -> None:
    """K3: `/ready` said 200 while nothing of a station was recorded."""
    queue = visitor.plant.agent.queues[StationId("line2-op20")]
    queue.not_recording_since = visitor.clock.now()
    visitor.clock.jump(3)
    answer = visitor.client.get("/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert [one["station"] for one in answer.json()["not_recording"]] == ["line2-op20"]
    text = visitor.client.get("/metrics").text
    assert 'redrabbit_station_not_recorded_seconds{station="line2-op20"} 3.0' in text
    assert 'redrabbit_station_not_recorded_seconds{station="line1-op20"} 0.0' in text
    assert 'redrabbit_station_waiting{station="line2-op20"} 0.0' in text
    assert 'redrabbit_station_faults_total{station="line2-op20"} 0.0' in text
    shown = visitor.client.get("/api/v1/stations/line2-op20").json()
    assert shown["not_recorded_since"] == answer.json()["not_recording"][0]["since"]


def stop_recording(visitor: Visitor, why: TroubleWhy = TroubleWhy.DISK_FULL) -> None:
    """Let nothing be recorded any more, though every station is still read."""
    watch = visitor.plant.agent.recording_watch
    watch.recorded()
    watch.failed(StoreTrouble("the database said so", why))
    visitor.clock.jump(6)
    visitor.let(visitor.plant.beat())


def test_readiness_and_metrics_say_how_far_obligations_are_behind(visitor: Visitor) -> None:
    """It is ready all the same: stations are watched, and what they say is recorded (decision 0035)."""
    assert visitor.client.get("/ready").json()["catching_up"] is None
    assert "redrabbit_obligations_behind_seconds 0.0" in visitor.client.get("/metrics").text
    since = visitor.clock.now() - timedelta(days=2)
    visitor.plant.agent.catch_up.note(since)
    answer = visitor.client.get("/ready")
    told = answer.json()["catching_up"]
    assert answer.status_code == 200
    assert datetime.fromisoformat(told["since"]) == since
    assert datetime.fromisoformat(told["until"]) == visitor.clock.now()
    assert "redrabbit_obligations_behind_seconds 172800.0" in visitor.client.get("/metrics").text


def test_a_clock_in_doubt_is_said_everywhere_and_confirmed_by_who_saw_the_last_step(
    visitor: Visitor,
) -> None:
    """D43: lapses wait until a person says that the clock is right."""
    agent, now = visitor.plant.agent, visitor.clock.now()
    assert visitor.client.get("/ready").json()["clock_in_doubt"] is None
    step = timedelta(minutes=6)
    visitor.let(agent.database.write(lambda uow: note_clock_step(uow, now - step, step)))
    visitor.let(agent.database.read(agent.clock_watch.look))
    answer = visitor.client.get("/ready")
    told = answer.json()["clock_in_doubt"]
    assert (answer.status_code, datetime.fromisoformat(told["set_to_at"])) == (200, now)
    assert "redrabbit_clock_in_doubt 1.0" in visitor.client.get("/metrics").text
    assert "/due#clock" in visitor.client.get("/alarms").text
    assert f'value="{told["doubt"]}"' in visitor.client.get("/due").text
    confirm = "/api/v1/clock/confirm"
    other = visitor.client.post(confirm, json={"doubt": told["doubt"] + 1, **BY})
    assert (other.status_code, other.json()["code"]) == (404, "no_such_clock_doubt")
    settled = visitor.client.post(confirm, json={"doubt": told["doubt"], **BY}).json()
    assert settled["settled"] == "person"
    assert "/due#clock" not in visitor.client.get("/alarms").text
    assert visitor.send("/due/clock", doubt=str(told["doubt"]), by="Anna") == 409


def test_readiness_and_metrics_say_since_when_nothing_is_recorded_and_why(visitor: Visitor) -> None:
    """F3: 200 "ready" and "watching 1" over a full disk."""
    last = visitor.clock.now()
    stop_recording(visitor)
    answer = visitor.client.get("/ready")
    told = answer.json()
    assert (answer.status_code, told["ready"], told["not_watching_since"]) == (503, False, None)
    assert told["not_recording_why"] == "disk_full"
    assert datetime.fromisoformat(told["not_recording_since"]) == last
    assert {one["station"] for one in told["stations"]} == set(visitor.plant.agent.queues)
    text = visitor.client.get("/metrics").text
    assert "redrabbit_recording 0.0" in text
    assert "redrabbit_not_recording_seconds 6.0" in text
    assert 'redrabbit_station_reading_age_seconds{station="line1-op20"}' in text
    visitor.plant.agent.recording_watch.recorded()
    assert visitor.client.get("/ready").json()["not_recording_since"] is None
    assert "redrabbit_recording 1.0" in visitor.client.get("/metrics").text


def test_readiness_and_metrics_answer_though_the_records_can_not_be_read(visitor: Visitor) -> None:
    stop_recording(visitor, TroubleWhy.NO_ANSWER)
    with visitor.plant.database_away():
        told = visitor.client.get("/ready")
        assert (told.status_code, told.json()["not_recording_why"]) == (503, "no_answer")
        text = visitor.client.get("/metrics").text
        assert "redrabbit_recording 0.0" in text
        assert "redrabbit_ledger_entries" not in text
        problem = visitor.client.get("/api/v1/overdue").json()
    assert problem["code"] == "store_trouble"
    assert "Nothing is recorded since" in problem["detail"]
    assert "the database does not answer" in problem["detail"]


def test_an_act_at_a_station_that_is_not_recorded_is_answered_at_once(visitor: Visitor) -> None:
    """K3: it hung until the service was stopped."""
    check = visitor.plant.plant.plan.checks[0]
    visitor.plant.agent.queues[check.station].not_recording_since = visitor.clock.now()
    answer = visitor.client.post("/api/v1/runs", json={"check": check.id, "operator": "badge 2207"})
    assert (answer.status_code, answer.json()["code"]) == (503, "store_trouble")
    assert answer.headers["retry-after"] == "5"


def test_metrics_tell_what_waits_for_each_receiver_and_what_is_parked(onlooker: Visitor) -> None:
    """D48: an alarm that nobody gets is seen from outside, too."""
    text = onlooker.client.get("/metrics").text
    found = dict(
        re.findall(r'^(redrabbit_deliveries_\w+\{target="[^"]+"\}) (\S+)$', text, re.MULTILINE)
    )
    assert float(found.pop('redrabbit_deliveries_oldest_seconds{target="andon"}')) > 0
    assert {name: float(value) for name, value in found.items()} == {
        'redrabbit_deliveries_pending{target="andon"}': 2,
        'redrabbit_deliveries_pending{target="quality-office"}': 0,
        'redrabbit_deliveries_oldest_seconds{target="quality-office"}': 0,
        'redrabbit_deliveries_parked{target="andon"}': 0,
        'redrabbit_deliveries_parked{target="quality-office"}': 2,
    }


def test_an_alarm_about_a_receiver_names_it_and_may_end(onlooker: Visitor) -> None:
    newest = onlooker.client.get("/api/v1/alarms").json()["items"][0]
    assert (newest["kind"], newest["receiver"], newest["ended_at"]) == (
        "receiver_not_reached",
        "andon",
        None,
    )
    assert newest["alarm_id"].startswith("plant-A-")


def test_metrics_tell_each_devices_status(onlooker: Visitor) -> None:
    text = onlooker.client.get("/metrics").text
    place = 'device="line2-op20",line="line2",station="line2-op20"'
    assert f'redrabbit_device_status{{{place},status="missed"}} 1.0' in text
    assert f"redrabbit_device_read{{{place}}} 1.0" in text
    assert (
        'redrabbit_device_read{device="line4-op10",line="line4",station="line4-op10"} 0.0' in text
    )
    assert f'redrabbit_device_status{{{place},status="verified"}} 0.0' in text
    assert f"redrabbit_device_cases{{{place}}} 1.0" in text
    assert f"redrabbit_device_oldest_case_age_seconds{{{place}}} 83" in text
    assert f"redrabbit_device_overdue{{{place}}} 0.0" in text
    assert f"redrabbit_device_overdue{{{place.replace('op20', 'op40')}}} 1.0" in text
    given_up = place.replace("line2", "line4").replace("op20", "op30")
    assert f"redrabbit_device_runs_without_verdict{{{given_up}}} 1.0" in text
    assert "redrabbit_containments_open 1.0" in text
    assert "redrabbit_watching 1.0" in text


def test_docs_describe_every_call_with_openapi_3_1(onlooker: Visitor) -> None:
    document = onlooker.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "Problem" in document["components"]["schemas"]
    for path, calls in document["paths"].items():
        for call in calls.values():
            assert call.get("description"), path


@pytest.mark.parametrize("path", ["/due", "/api/v1/runs"])
def test_while_the_records_are_away_everybody_is_told_to_come_back(
    visitor: Visitor, path: str
) -> None:
    with visitor.plant.database_away():
        answer = visitor.client.get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "the disk is full" not in answer.text


def test_what_the_records_can_not_hold_is_told_as_that(onlooker: Visitor) -> None:
    """K3: not as trouble that passes: asking again doesn't help."""
    with onlooker.plant.database_away(NotRecordable("Python int too large")):
        answer = onlooker.client.get("/api/v1/runs")
    assert (answer.status_code, answer.json()["code"]) == (500, "not_recordable")
    assert "retry-after" not in answer.headers
    assert "too large" not in answer.text


def test_receivers_tell_what_waits_and_what_was_not_taken(onlooker: Visitor) -> None:
    found = onlooker.client.get("/api/v1/receivers").json()
    assert [(each["name"], each["waiting"], each["parked"]) for each in found["receivers"]] == [
        ("andon", 2, 0),
        ("quality-office", 0, 2),
    ]
    andon, office = found["receivers"]
    assert (andon["not_reached_since"] is None, office["not_reached_since"]) == (False, None)
    assert [(each["receiver"], each["reason"]) for each in found["parked"]] == [
        ("quality-office", "refused"),
        ("quality-office", "others_taken"),
    ]
    assert "secret" not in json.dumps(found)


def test_a_program_sends_a_message_again_or_drops_it(visitor: Visitor) -> None:
    parked = visitor.client.get("/api/v1/receivers").json()["parked"]
    body = {"operator": "Li Wei", "receiver": "quality-office"}
    for each, act in zip(parked, ("send-again", "drop-message"), strict=True):
        path = f"/api/v1/alarms/{each['alarm_id']}/{act}"
        answer = visitor.client.post(path, json=body)
        assert (answer.status_code, answer.json()["alarm_id"]) == (200, each["alarm_id"])
        again = visitor.client.post(path, json=body)
        assert (again.status_code, again.json()["code"]) == (409, "message_not_parked")
        nobody = visitor.client.post(path, json=body | {"receiver": "pager"})
        assert nobody.status_code == (404 if act == "send-again" else 409)
    left = visitor.client.get("/api/v1/receivers").json()
    assert left["parked"] == []
    assert [each["waiting"] for each in left["receivers"]] == [2, 1]
