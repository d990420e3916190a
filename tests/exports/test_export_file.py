"""Exports made from a ledger with a real key, and verified with nothing but the file."""

import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.signing import new_signer
from redrabbit.domain.checkpoint import (
    Checkpoint,
    checkpoint_of,
    parse_proof,
    proof_text,
    sign_checkpoint,
)
from redrabbit.domain.database_verification import damage_in
from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.export_format import Period, covering_range
from redrabbit.domain.export_verification import ExportVerification
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.person import PersonChanged, PersonKind, PersonRegistered
from redrabbit.domain.facts.plant import (
    ConfigurationAdopted,
    InForceChanged,
    InForceItem,
    InForceKind,
    PayloadsErased,
    in_force_digest,
)
from redrabbit.domain.facts.role_grant import RoleGranted, RoleRevoked
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.findings import in_english
from redrabbit.domain.identity import AGENT, Actor, GrantId, How, PersonId
from redrabbit.domain.ledger import (
    SCHEMA,
    Entry,
    Event,
    JsonValue,
    LedgerContext,
    LogState,
    StoredEntry,
    read_entry,
)
from redrabbit.domain.merkle import EMPTY_ROOT, Tree, last_leaf, leaf_hash, verify_inclusion
from redrabbit.domain.role import Role
from redrabbit.exports import export_file
from redrabbit.exports.export_file import Asked, export_records, verify_export, write_export
from redrabbit.services.ports import LedgerHead, Reader
from tests.domain.schema_1_entries import appended_in_schema_1

T0 = datetime(2026, 11, 22, tzinfo=UTC)
ANNA = StatedName(name="Anna Li 李娜", salt=bytes(range(SALT_BYTES)))
ERASED = StatedName(name="somebody", salt=bytes(SALT_BYTES))
"""A name that nobody keeps any more."""
ACTORS = (AGENT, Actor.stated(ANNA.id), Actor.stated(ERASED.id))
OLD = 21
"""So many entries were written under schema 1."""
SIGNER = new_signer("Suzhou-2/5f0c1e9b7a3d2468")
OTHER = new_signer("Suzhou-2/5f0c1e9b7a3d2468")


class StoredLedger:
    """The part of a reader that an export uses."""

    def __init__(self, hours: Sequence[tuple[str, float]]) -> None:
        self.log = LogState()
        self.kept: list[StoredEntry] = []
        self.nodes: list[tuple[bytes, ...]] = []
        self.said = {ANNA.id: ANNA}
        self.in_force = ""
        self.gone: set[int] = set()
        """Rows that somebody removed."""
        self.changed_head: dict[str, object] = {}
        for number, (stream, hour) in enumerate(hours):
            self.append("noted", stream, hour, {"n": number}, ACTORS[number % 3])

    def append(
        self,
        type_: str,
        stream: str,
        hour: float,
        payload: Mapping[str, JsonValue],
        actor: Actor = AGENT,
    ) -> None:
        """Append an entry: the first ones under schema 1, all before anything was adopted."""
        at = T0 + timedelta(hours=hour)
        event = Event(type=type_, stream=stream, occurred_at=at, actor=actor, payload=payload)
        number = self.log.size
        context = LedgerContext(in_force=self.in_force, software="0.1.0")
        appended = (
            appended_in_schema_1(self.log, event, at, in_force="")
            if number < OLD
            else self.log.append(event, at, context, bytes([number % 256]) * SALT_BYTES)
        )
        self.log = appended.log
        self.kept.append(appended.stored)
        self.nodes.append((appended.leaf_hash, *appended.nodes))

    def say_names_erased(self, hour: float, *names: str) -> None:
        """Say that these names were erased."""
        fact = PayloadsErased(rule="ten years", entries=(), names=names, blobs=())
        self.append(fact.TYPE, "plant", hour, encode(fact))

    def say_heads(self, hour: float) -> None:
        """Say where the streams stand."""
        self.append(StreamHeads.TYPE, "plant", hour, encode(StreamHeads.of(self.log.heads)))

    def adopt(self, hour: float, revision: str) -> None:
        """Adopt a configuration: it, and the list of what is in force."""
        files = {"plant.yaml": f"plan: CP-7 rev {revision}"}
        adopted = ConfigurationAdopted(
            digest=f"d{revision}", software="0.1.0", plan=f"CP-7 rev {revision}", files=files
        )
        items = (
            InForceItem(kind=InForceKind.PLAN, id="CP-7", revision=revision, digest=revision * 64),
        )
        self.append(adopted.TYPE, "plant", hour, encode(adopted))
        self.append(InForceChanged.TYPE, "plant", hour, encode(InForceChanged(items=items)))
        self.in_force = in_force_digest(items)

    def say_erased(self, stream: str, hour: float, *indexes: int) -> None:
        """Erase these payloads, and say so."""
        fact = PayloadsErased(rule="ten years", entries=indexes, names=(), blobs=())
        self.append(fact.TYPE, stream, hour, encode(fact))
        for index in indexes:
            self.kept[index] = self.kept[index]._replace(salt=None, payload=None)

    def _there(self) -> list[Entry]:
        there = [index for index in range(len(self.kept)) if index not in self.gone]
        return [read_entry(self.kept[index], index) for index in there]

    def entries_of(
        self,
        *types: str,
        first: int = 0,
        before: int | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        found = [entry for entry in self._there()[first:before] if entry.type in types]
        return found[:: -1 if descending else 1][:limit]

    def streams(self) -> Sequence[str]:
        return sorted({entry.stream for entry in self._there()})

    def covering_range(self, stream: str, period: Period) -> range:
        return covering_range([one for one in self._there() if one.stream == stream], period)

    def stream_entries(
        self, stream: str, first_seq: int, limit: int
    ) -> Sequence[tuple[int, StoredEntry]]:
        found = [one for one in self._there() if one.stream == stream]
        return [(e.index, self.kept[e.index]) for e in found if e.stream_seq >= first_seq][:limit]

    def stored_entry(self, index: int) -> StoredEntry:
        return self.kept[index]

    def names(self) -> Mapping[str, StatedName]:
        return self.said

    def tree_node(self, level: int, position: int) -> bytes:
        return self.nodes[last_leaf(level, position)][level]

    def head(self) -> LedgerHead:
        note = sign_checkpoint(self.log, SIGNER)
        head = LedgerHead(size=self.log.size, root=self.log.root.hex(), checkpoint=note)
        return replace(head, **cast("Any", self.changed_head))


def a_day() -> StoredLedger:
    streams = ("plant", "line-1", "line-2", "line-1")
    ledger = StoredLedger([(streams[number % 4], number / 2) for number in range(48)])
    ledger.say_names_erased(24, ERASED.id)
    ledger.say_heads(24)
    return ledger


def exported(
    ledger: "StoredLedger",
    begins: float = 9,
    ends: float = 15,
    line: str | None = None,
    kept: Checkpoint | None = None,
) -> bytes:
    period = Period(begins_at=T0 + timedelta(hours=begins), ends_at=T0 + timedelta(hours=ends))
    asked = Asked(
        plant="Suzhou plant 2", period=period, line=line, made_at=T0 + timedelta(days=9), kept=kept
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        lines = export_records(cast("Reader", ledger), SIGNER, asked)
        write_export(path, lines, SIGNER.verifier.text)
        return path.read_bytes()


def verify(content: bytes, public_key: str | None = None) -> ExportVerification:
    return verify_export(BytesIO(content), public_key)


CONTENT = exported(a_day())


def test_an_export_is_verified_with_the_plants_key() -> None:
    verification = verify(CONTENT, SIGNER.verifier.text)
    assert verification.sound
    assert verification.records == 12
    assert verification.by_stream == {"line-1": 6, "line-2": 3, "plant": 3}
    assert verification.header is not None
    assert verification.header.plant == "Suzhou plant 2"
    assert verification.header.key == SIGNER.verifier.text
    assert verification.checkpoint is not None
    assert verification.checkpoint.size == 50


def test_without_a_key_the_one_in_the_file_counts() -> None:
    assert verify(CONTENT).sound


def test_another_plants_key_is_not_the_files() -> None:
    findings = verify(CONTENT, new_signer("Suzhou-3/5f0c1e9b7a3d2468").verifier.text).findings
    assert [finding.code for finding in findings] == ["not_expected_key"]


def test_another_key_under_the_name_of_the_ledger_is_told_apart_and_no_damage() -> None:
    findings = verify(CONTENT, OTHER.verifier.text).findings
    assert [finding.code for finding in findings] == ["other_key"]
    assert damage_in(findings) == ()
    assert SIGNER.key_id.hex() in in_english(findings[0])


def test_one_line_comes_with_the_plants_own_stream() -> None:
    verification = verify(exported(a_day(), line="line-2"))
    assert verification.sound
    assert verification.by_stream == {"line-2": 3, "plant": 3}


def test_a_line_without_records_is_refused_by_name() -> None:
    with pytest.raises(Refusal, match="line_has_no_records") as caught:
        exported(a_day(), line="line-3")
    assert caught.value.params == {"line": "line-3", "known": "line-1, line-2, plant"}


def test_a_log_longer_than_one_reading_is_exported_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_file, "_CHUNK", 5)
    assert exported(a_day()) == CONTENT


def test_records_around_a_clock_step_are_all_there() -> None:
    hours = (8, 9.5, 11, 14, 16, 9.6, 10, 17, 18)
    verification = verify(exported(StoredLedger([("line-1", hour) for hour in hours])))
    assert verification.sound
    assert (verification.records, verification.entries) == (5, 8)


@given(
    st.lists(
        st.tuples(st.sampled_from(["plant", "line-1"]), st.integers(0, 9)), min_size=1, max_size=20
    ),
    st.integers(0, 8),
)
def test_every_period_of_every_ledger_gives_a_file_that_passes(
    hours: list[tuple[str, float]], begins: int
) -> None:
    verification = verify(exported(StoredLedger(hours), begins, begins + 2))
    assert verification.sound
    assert verification.records == sum(begins <= hour < begins + 2 for _, hour in hours)


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, flipped: int) -> None:
    raw = bytearray(CONTENT)
    raw[place] ^= flipped
    verification = verify(bytes(raw), SIGNER.verifier.text)
    assert not verification.sound
    assert not verify(bytes(raw)).sound


@given(st.data())
def test_lines_removed_added_or_exchanged_are_found(data: st.DataObject) -> None:
    lines = CONTENT.splitlines(keepends=True)
    places = st.integers(0, len(lines) - 1)
    first, second = data.draw(st.lists(places, min_size=2, max_size=2, unique=True))
    exchanged = list(lines)
    exchanged[first], exchanged[second] = lines[second], lines[first]
    removed = lines[:first] + lines[first + 1 :]
    added = [*lines[:first], lines[second], *lines[first:]]
    for changed in (exchanged, removed, added):
        assert not verify(b"".join(changed)).sound


def test_a_damaged_ledger_is_not_exported() -> None:
    ledger = a_day()
    changed = ledger.kept[21].raw.replace(b'"0.1.0"', b'"0.1.1"')
    ledger.kept[21] = ledger.kept[21]._replace(raw=changed)
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert "ledger[21] is not in the signed log" in str(caught.value.params["found"])


def test_a_ledger_whose_names_were_changed_is_not_exported() -> None:
    ledger = a_day()
    ledger.said = {ANNA.id: StatedName(name="somebody else", salt=ANNA.salt)}
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert "the name is not the one" in str(caught.value.params["found"])


def test_names_go_with_the_records_while_they_are_kept() -> None:
    """D51: with the salt, so that a reader can check who it was."""
    ledger = a_day()
    with_names = [json.loads(line) for line in exported(ledger).splitlines()]
    said = [line["names"][ANNA.id] for line in with_names if ANNA.id in line.get("names", ())]
    assert {json.dumps(each, ensure_ascii=False) for each in said} == {
        json.dumps({"name": ANNA.name, "salt": ANNA.salt.hex()}, ensure_ascii=False)
    }
    by_anna = [line for line in with_names if line.get("entry", {}).get("schema") == SCHEMA]
    assert len(said) == sum(line["entry"]["actor"]["id"] == ANNA.id for line in by_anna)
    ledger.said = {}
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert "is gone, and no entry says that it was erased" in str(caught.value.params["found"])
    ledger.say_names_erased(25, ANNA.id)
    without = exported(ledger)
    assert ANNA.name.encode() not in without
    assert verify(without, SIGNER.verifier.text).sound


def test_a_payload_that_was_erased_is_null_and_the_entry_that_says_so_goes_with_it() -> None:
    """D51: whatever stream and time it is of."""
    ledger = a_day()
    ledger.say_erased("line-2", 40, 21, 25)
    verification = verify(exported(ledger), SIGNER.verifier.text)
    assert verification.sound
    assert (verification.entries, verification.erased) == (verify(CONTENT).entries + 1, 2)


def test_an_entry_that_says_what_was_erased_goes_once_and_only_where_it_tells_something() -> None:
    ledger = a_day()
    ledger.say_erased("plant", 14, 21)
    once = exported(ledger, 9, 30)
    assert verify(once).sound
    assert b'{"type":"payloads_erased"}' not in once
    assert b"payloads_erased" not in exported(ledger, 1, 2)


@pytest.mark.parametrize("covered", [(), (25,)])
def test_a_payload_that_nothing_says_was_erased_is_not_exported(covered: tuple[int, ...]) -> None:
    ledger = a_day()
    ledger.say_erased("plant", 40, *covered)
    ledger.kept[21] = ledger.kept[21]._replace(salt=None, payload=None)
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert str(caught.value.params["found"]).startswith("ledger[21]: the payload is gone, and no")


@pytest.mark.parametrize("removed", [21, 24, 30])
def test_a_ledger_that_lacks_an_entry_of_the_period_is_not_exported(removed: int) -> None:
    ledger = a_day()
    ledger.gone.add(removed)
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert "does not follow the previous entry" in str(caught.value.params["found"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"root": "00" * 32}, "ledger_head: column root is ", id="root"),
        pytest.param({"size": 9}, "ledger_head: column size is 9; the entry says 50", id="size"),
        pytest.param({"checkpoint": "x"}, "ledger_head: the signed checkpoint can't", id="no note"),
        pytest.param(
            {"checkpoint": sign_checkpoint(a_day().log, OTHER)},
            "ledger_head: the checkpoint is not signed by the key",
            id="another key",
        ),
        pytest.param(
            {
                "checkpoint": sign_checkpoint(LogState(), SIGNER),
                "size": 0,
                "root": EMPTY_ROOT.hex(),
            },
            "ledger[49]: the entry's bytes can't be read: no leaf 49",
            id="more entries than signed",
        ),
    ],
)
def test_a_head_that_is_not_what_was_signed_is_told_and_nothing_exported(
    change: dict[str, object], told: str
) -> None:
    ledger = a_day()
    ledger.changed_head = change
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert str(caught.value.params["found"]).startswith(told)


@pytest.mark.parametrize("level", [0, 1])
def test_a_node_that_was_changed_is_told_and_nothing_exported(level: int) -> None:
    ledger = a_day()
    nodes = list(ledger.nodes[23])
    nodes[level] = bytes(32)
    ledger.nodes[23] = tuple(nodes)
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert "is not in the signed log" in str(caught.value.params["found"])


def test_a_frontier_that_was_changed_is_told_and_nothing_exported() -> None:
    ledger = a_day()
    ledger.nodes[31] = (*ledger.nodes[31][:-1], bytes(32))
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger)
    assert str(caught.value.params["found"]).startswith("ledger: the Merkle root")


def test_an_export_holds_entries_of_both_schemas() -> None:
    found = [json.loads(line).get("entry") for line in CONTENT.splitlines()]
    assert {entry["schema"] for entry in found if entry} == {1, SCHEMA}


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "records.txt"
    path.write_bytes(b"older")
    told = write_export(path, CONTENT.splitlines(keepends=True), SIGNER.verifier.text)
    assert told.records == 12
    assert path.read_bytes() == CONTENT
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, "names of people are in it (K8)"
    assert [found.name for found in tmp_path.iterdir()] == ["records.txt"]


def test_one_record_can_be_proved_with_other_peoples_tools() -> None:
    """C2SP tlog-proof: the record's bytes, a proof and the signed checkpoint."""
    ledger = a_day()
    text = proof_text(
        7, Tree(ledger.log.size, ledger.tree_node).inclusion(7), ledger.head().checkpoint
    )
    proof = parse_proof(text)
    leaf = leaf_hash(ledger.kept[7].raw)
    assert verify_inclusion(leaf, proof.index, ledger.log.size, proof.path, ledger.log.root)


def test_an_export_brings_what_was_in_force_for_its_entries() -> None:
    """T8: adopted long ago, and changed in the midst of the period; none that was over long before."""
    ledger = a_day()
    for hour, revision in ((25, "0"), (27, "1"), (30, "2"), (60, "3"), (90, "4"), (93, "5")):
        ledger.adopt(hour, revision)
        ledger.append("noted", "line-1", hour + 1, {"n": hour})
    ledger.say_heads(99)
    content = exported(ledger, 50, 70)
    assert verify(content).sound
    plans = [
        line["payload"]["plan"]
        for line in map(json.loads, content.splitlines())
        if line.get("entry", {}).get("type") == "configuration_adopted"
    ]
    assert sorted(plans) == [f"CP-7 rev {each}" for each in "1234"], "with the one before and after"


def test_what_was_in_force_goes_once() -> None:
    ledger = a_day()
    ledger.adopt(25, "1")
    ledger.append("noted", "line-1", 26, {"n": 1})
    ledger.say_heads(27)
    content = exported(ledger, 20, 30)
    assert verify(content).sound
    assert content.count(b'"type":"configuration_adopted"') == 1
    assert b'{"type":"in_force"}' not in content


def test_an_export_proves_that_it_goes_on_from_a_checkpoint_that_was_kept() -> None:
    """T2."""
    before, ledger = a_day(), a_day()
    kept = checkpoint_of(SIGNER.name, before.log)
    ledger.append("noted", "line-1", 30, {"n": 1})
    verification = verify(exported(ledger, kept=kept))
    assert verification.begins_with == {50: before.log.root}
    for other in (
        replace(kept, root=bytes(32)),
        replace(kept, size=99),
        replace(kept, origin="Suzhou-3/77aa"),
    ):
        with pytest.raises(Refusal, match="kept_checkpoint_differs"):
            exported(ledger, kept=other)


def test_a_file_that_does_not_pass_is_not_handed_out(tmp_path: Path) -> None:
    path = tmp_path / "records.txt"
    lines = CONTENT.splitlines(keepends=True)
    with pytest.raises(Refusal, match="ledger_damaged"):
        write_export(path, [*lines[:9], *lines[10:]], SIGNER.verifier.text)
    assert list(tmp_path.iterdir()) == []


def test_a_line_longer_than_any_of_ours_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_file, "MOST_LINE_BYTES", 500)
    with pytest.raises(ValueError, match="line 4: longer than"):
        verify(CONTENT)


def test_a_device_or_a_folder_is_not_replaced(tmp_path: Path) -> None:
    """An administrator who exports to /dev/null must not lose it."""
    for path in (Path(os.devnull), tmp_path):
        with pytest.raises(ValueError, match="is no file"):
            write_export(path, CONTENT.splitlines(keepends=True), SIGNER.verifier.text)
    assert not list(tmp_path.iterdir())
    assert not Path(os.devnull).is_file()


# Registered people (B35)

LI_NA = StatedName(name="Li Na", salt=b"l" * SALT_BYTES)
WANG_NA = StatedName(name="Wang Na", salt=b"w" * SALT_BYTES)
CHEN_1, LI_2, OTHER_3 = (Actor(id=f"p-000{number}", how=How.PASSWORD) for number in (1, 2, 3))


def told_of(actor: Actor, name: StatedName, kind: type = PersonRegistered) -> Fact:
    told: Fact = kind(
        person_id=PersonId(actor.id),
        name=name.id,
        language=None,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=None,
    )
    return told


def granted(number: int, actor: Actor) -> RoleGranted:
    return RoleGranted(
        grant_id=GrantId(f"g-000{number}"),
        person_id=PersonId(actor.id),
        role=Role.OPERATOR,
        line=None,
        from_at=T0,
        until_at=None,
        deputy_for=None,
    )


def with_people(erased: str = "") -> StoredLedger:
    """A day in which Li Na acts, whom Chen registered and renamed long before; a third one does nothing."""
    ledger = a_day()
    ledger.said |= {each.id: each for each in (LI_NA, WANG_NA) if each.id != erased}
    for fact, actor in (
        (told_of(CHEN_1, ANNA), AGENT),
        (told_of(LI_2, LI_NA), CHEN_1),
        (granted(1, LI_2), CHEN_1),
        (told_of(OTHER_3, ANNA), CHEN_1),
        (granted(2, OTHER_3), CHEN_1),
        (RoleRevoked(grant_id=GrantId("g-0002")), CHEN_1),
        (told_of(LI_2, WANG_NA, PersonChanged), CHEN_1),
        (RoleRevoked(grant_id=GrantId("g-0001")), CHEN_1),
    ):
        ledger.append(fact.TYPE, "plant", 30, encode(fact), actor)
    for hour in (60, 99):
        ledger.append("noted", "plant", hour, {"n": 0})
    ledger.append("noted", "line-1", 70, {"n": 1}, LI_2)
    ledger.say_heads(99)
    return ledger


def types_in(content: bytes) -> list[str]:
    lines = map(json.loads, content.splitlines())
    found = [line["entry"]["type"] for line in lines if "entry" in line]
    return sorted(each for each in found if each.startswith(("person_", "role_")))


def test_an_export_says_who_the_people_are_whom_it_names() -> None:
    """With who registered them, and what gave them roles; of nobody else."""
    content = exported(with_people(), 65, 75)
    told = verify(content)
    assert told.sound
    assert [each.person_id for each in told.people] == ["p-0001", "p-0002"]
    assert [name for _, name in told.people[1].names] == ["Li Na", "Wang Na"]
    assert types_in(content) == [
        "person_changed",
        *["person_registered"] * 2,
        "role_granted",
        "role_revoked",
    ]


def test_what_says_who_somebody_is_goes_once() -> None:
    content = exported(with_people(), 20, 98)
    assert verify(content).sound
    assert b'{"type":"people"}' not in content
    assert types_in(content).count("person_registered") == 3


def test_where_nobody_registered_is_named_nothing_is_said_of_people() -> None:
    ledger = with_people()
    assert types_in(exported(ledger, 9, 15)) == []


def test_a_name_that_a_person_had_may_be_erased() -> None:
    ledger = with_people(erased=LI_NA.id)
    with pytest.raises(Refusal, match="ledger_damaged"):
        exported(ledger, 65, 75)
    ledger.say_names_erased(98, LI_NA.id)
    ledger.say_heads(99)
    told = verify(exported(ledger, 65, 75))
    assert told.sound
    assert [name for _, name in told.people[1].names] == [None, "Wang Na"]


def test_whoever_said_that_something_was_erased_is_named_too() -> None:
    """What says that a name was erased names people itself."""
    ledger = with_people(erased=LI_NA.id)
    fact = PayloadsErased(rule="ten years", entries=(), names=(LI_NA.id,), blobs=())
    ledger.append(fact.TYPE, "line-2", 98, encode(fact), OTHER_3)
    ledger.say_heads(99)
    told = verify(exported(ledger, 65, 75))
    assert told.sound
    assert [each.person_id for each in told.people] == ["p-0001", "p-0002", "p-0003"]


def test_a_person_whom_nothing_registered_is_damage() -> None:
    ledger = a_day()
    ledger.append("noted", "line-1", 30, {"n": 1}, LI_2)
    with pytest.raises(Refusal, match="ledger_damaged") as caught:
        exported(ledger, 29, 31)
    assert "who p-0002 is" in str(caught.value.params["found"])
