"""The ledger's key is changed without a new log, and no crash leaves a ledger that no key opens (issue 7, U5)."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from redrabbit.base import signing
from redrabbit.base.signing import Verifier, load_key_file, load_public_key, new_signer
from redrabbit.domain.checkpoint import parse_checkpoint, sign_checkpoint
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.signed_note import note_is_signed, parse_note, sign_note
from redrabbit.services.errors import DamagedDatabase, KeyMissing, LostHistory, StoreTrouble
from redrabbit.services.log_keys import changes_of_key, keys_of
from redrabbit.services.ports import KeptAct
from redrabbit.services.record_fact import record
from redrabbit.services.stated_names import id_of
from redrabbit.store import changing_key, log_key, session, verified_mark, writer
from redrabbit.store import ledger as ledger_table
from redrabbit.store.changing_key import ChangedKey, change_key
from redrabbit.store.database import SqlDatabase
from redrabbit.store.engine import parsed_url, writer_engine
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.verification import verify_database
from tests.logs import log_over
from tests.stored import RECORDING, START, SteppingClock, any_fold, happened


class Ledger:
    """A database whose key lies in a folder."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.key_path = folder / "plant.key"

    def opened(self, **more: Any) -> SqlDatabase:
        return open_database(
            self.url,
            plant="P",
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=self.key_path,
            **more,
        )

    def append(self, entries: int = 1) -> None:
        with self.opened() as database:
            for _ in range(entries):
                database.write_now(lambda work: work.append(happened("clock_stepped", step_s=1.0)))

    def change(self) -> ChangedKey:
        return change_key(
            self.url,
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=self.key_path,
            record=lambda uow, fact: record(
                uow, fact, stream=PLANT_STREAM, actor=Actor.stated(id_of(uow, "Li Wei"))
            ),
        )

    @property
    def in_place(self) -> Verifier:
        return load_key_file(self.key_path).verifier

    @property
    def public(self) -> Path:
        return self.key_path.with_suffix(".pub")

    @property
    def head(self) -> str:
        with open_for_reading(self.url) as database:
            return database.read_now(lambda reader: reader.head()).checkpoint

    def codes(self, public_key: Path | None = None, kept: Path | None = None) -> list[str]:
        told = verify_database(
            self.url,
            public_key=public_key or self.public,
            kept_checkpoint=kept,
            fold=any_fold,
            two_processes=False,
        )
        return [finding.code for finding in told.findings]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "sqlite":
        return Ledger(f"sqlite:///{tmp_path / 'plant.db'}", tmp_path)
    return Ledger(request.getfixturevalue("postgresql_url"), tmp_path)


@pytest.fixture
def on_disk(tmp_path: Path) -> Ledger:
    folder = tmp_path / "place"
    folder.mkdir()
    return Ledger(f"sqlite:///{folder / 'plant.db'}", folder)


def keep(ledger: Ledger, name: str) -> Path:
    path = ledger.folder / name
    path.write_text(ledger.head, encoding="utf-8")
    return path


def act(key: str) -> KeptAct:
    return KeptAct(
        key=key, stream="plant", kind="k", payload="{}", actor="a", done_at=START, answer="{}"
    )


def keeping(key: str) -> Callable[[SqlUnitOfWork], None]:
    return lambda work: work.keep_act(act(key))


def test_the_new_key_signs_and_the_ledger_and_its_name_go_on(ledger: Ledger) -> None:
    ledger.append(3)
    kept_before, old = keep(ledger, "before"), ledger.in_place
    with ledger.opened() as database:
        for number in range(1_203):  # more than are sealed anew at a time
            database.write_now(keeping(f"key-{number}"))
    changed = ledger.change()
    assert (changed.index, changed.old, changed.new) == (3, old, ledger.in_place)
    assert changed.new.name == old.name
    assert load_public_key(ledger.public) == changed.new
    assert load_key_file(changed.old_path).verifier == old
    old_public = changed.old_path.with_suffix(".pub")
    assert load_public_key(old_public) == old
    own = {path.name for path in ledger.folder.glob("plant.*key")}
    assert own == {"plant.key", changed.old_path.name}
    ledger.append(2)
    note = parse_note(ledger.head)
    assert note_is_signed(note, changed.new)
    assert parse_checkpoint(note.text).size == 6
    kept_after = keep(ledger, "after")
    for public_key in (ledger.public, old_public):
        for kept in (None, kept_before, kept_after):
            assert ledger.codes(public_key, kept) == []
    with ledger.opened() as database:
        assert database.verification.verify_once().findings == ()
        entry = database.read_now(changes_of_key)[0]
        fact = fact_of(entry)
        assert isinstance(fact, KeyChanged)
        assert (entry.index, entry.stream) == (3, PLANT_STREAM)
        names = database.read_now(lambda reader: reader.names())
        assert names[entry.actor.id].name == "Li Wei"
        assert (fact.old_key, fact.new_key) == (old.text, changed.new.text)
        assert database.read_now(lambda reader: reader.act("key-1200")) == act("key-1200")


def mark_of(ledger: Ledger) -> Path:
    return ledger.key_path.with_suffix(".verified")


def test_what_was_verified_before_is_known_after_the_change(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.append(3)
    with ledger.opened() as database:
        before = database.verification.verify_once()
    older = mark_of(ledger).read_text(encoding="utf-8")
    for _ in range(2):
        ledger.change()
        with ledger.opened() as database:
            state = database.verification.state
        assert (state.verified_size, state.verified_at) == (3, before.verified_at)
        assert (state.whole_since, state.whole_at) == (before.whole_since, before.whole_at)
    assert [each for each in caplog.records if each.name == "redrabbit.store"] == []
    mark_of(ledger).write_text(older, encoding="utf-8")  # the old key's word counts no more
    with ledger.opened() as database:
        assert database.verification.state.verified_size == 0


def _a_stranger_signs(ledger: Ledger) -> str:
    note = parse_note(mark_of(ledger).read_text(encoding="utf-8"))
    return sign_note(note.text, new_signer(ledger.in_place.name))


def _no_mark(ledger: Ledger) -> str:
    return sign_note(ledger.head.rpartition("\n\n")[0] + "\n", load_key_file(ledger.key_path))


def _no_note(ledger: Ledger) -> str:
    return f"{ledger.in_place.text}\n"


@pytest.mark.parametrize("forged", [_a_stranger_signs, _no_mark, _no_note])
def test_the_new_key_signs_nothing_else_that_lies_in_the_place_of_the_mark(
    on_disk: Ledger, forged: Callable[[Ledger], str], caplog: pytest.LogCaptureFixture
) -> None:
    """It would sign for a thief whatever the old key signed, or nobody did."""
    on_disk.append(3)
    with on_disk.opened() as database:
        database.verification.verify_once()
    content = forged(on_disk)
    mark_of(on_disk).write_text(content, encoding="utf-8")
    on_disk.change()
    assert mark_of(on_disk).read_text(encoding="utf-8") == content
    assert "nothing is known of what was verified before" in caplog.text


def test_a_mark_that_can_not_be_signed_anew_does_not_stop_the_change(
    on_disk: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space")

    on_disk.append(3)
    with on_disk.opened() as database:
        database.verification.verify_once()
    monkeypatch.setattr(verified_mark, "replace_private", full)
    changed = on_disk.change()
    assert changed.new == on_disk.in_place
    assert "how far entries are verified is not kept" in caplog.text


def test_a_key_may_be_changed_again_and_again(ledger: Ledger) -> None:
    ledger.append()
    first, publics = ledger.in_place, []
    kept = []
    for number in range(3):
        kept.append(keep(ledger, f"kept-{number}"))
        publics.append(ledger.change().old_path.with_suffix(".pub"))
        ledger.append(number)
    assert load_public_key(publics[0]) == first
    for public_key in (*publics, ledger.public):
        for checkpoint in kept:
            assert ledger.codes(public_key, checkpoint) == []
    stranger = ledger.folder / "stranger.pub"
    signing.write_public_key(stranger, new_signer(first.name).verifier)
    assert "key_foreign" in ledger.codes(stranger)
    told = verify_database(ledger.url, public_key=publics[1], fold=any_fold, two_processes=True)
    assert told.sound
    assert told.keys is not None
    assert [change.index for change in told.keys.changes] == [1, 2, 4]


def test_what_an_old_key_signs_beyond_its_time_is_not_believed(ledger: Ledger) -> None:
    ledger.append(2)
    changed = ledger.change()
    ledger.append(2)
    thief = load_key_file(changed.old_path)
    with open_for_reading(ledger.url) as database:
        entries = database.read_now(lambda reader: reader.entries())
        leaves = database.read_now(
            lambda reader: [(e.stream, reader.tree_node(0, e.index)) for e in entries]
        )
    forged = ledger.folder / "forged"
    log = log_over(leaves)
    forged.write_text(sign_checkpoint(log, thief), encoding="utf-8")
    old_public = changed.old_path.with_suffix(".pub")
    for public_key in (ledger.public, old_public):
        assert ledger.codes(public_key, forged) == ["signature_out_of_time"]
    # of what is remembered outside, nothing beyond its time either
    head = ledger.key_path.with_suffix(".head")
    honest = head.read_text(encoding="utf-8")
    head.write_text(sign_checkpoint(log, thief), encoding="utf-8")
    with pytest.raises(LostHistory, match="does not sign such a ledger"):
        ledger.opened()
    head.write_text(honest, encoding="utf-8")
    # nor a head in the database, nor an act
    engine = writer_engine(parsed_url(ledger.url))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE ledger_head SET checkpoint = :note"),
            {"note": sign_checkpoint(log, thief)},
        )
    engine.dispose()
    for public_key in (ledger.public, old_public):
        assert ledger.codes(public_key) == ["signature_out_of_time"]
    with pytest.raises(DamagedDatabase):
        ledger.opened()


def test_an_act_that_the_old_key_sealed_after_the_change_is_not_answered_from(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one that was false before the change made true by it."""
    ledger.append()
    with ledger.opened() as database:
        database.write_now(keeping("honest"))
        database.write_now(keeping("false"))
    _execute(ledger, "UPDATE acts SET answer = '[]' WHERE key = 'false'")
    changed = ledger.change()
    thief = load_key_file(changed.old_path)
    with ledger.opened() as database:
        key = database._writer._key
        monkeypatch.setattr(database._writer, "_key", log_key.LogKey(thief))
        database.write_now(keeping("forged"))
        monkeypatch.setattr(database._writer, "_key", key)
        assert database.read_now(lambda reader: reader.act("honest")) is not None
        for name in ("false", "forged"):
            with pytest.raises(DamagedDatabase, match=name):
                database.read_now(methodcaller("act", name))
    for public_key in (ledger.public, changed.old_path.with_suffix(".pub")):
        assert ledger.codes(public_key) == ["act_differs", "act_differs"]


def _execute(ledger: Ledger, statement: str) -> None:
    engine = writer_engine(parsed_url(ledger.url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_two_keys_never_have_one_key_id(on_disk: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The four bytes are all by which signatures tell keys of one name apart: another key is made."""
    on_disk.append()
    old, made = load_key_file(on_disk.key_path), []

    def drawn(name: str) -> signing.Signer:
        made.append(name)
        return old if len(made) == 1 else new_signer(name)

    monkeypatch.setattr(log_key, "new_signer", drawn)
    changed = on_disk.change()
    assert len(made) == 2
    assert changed.new.key_id != old.key_id


def copied(ledger: Ledger, to: Path) -> Path:
    shutil.copytree(ledger.folder, to)
    return to


def put_back(ledger: Ledger, backup: Path, *names: str) -> None:
    """Put files of a backup back in place; what belongs to the newer database file goes."""
    for left in ("plant.db-wal", "plant.db-shm"):
        (ledger.folder / left).unlink(missing_ok=True)
    for name in names:
        shutil.copyfile(backup / name, ledger.folder / name)


def test_a_backup_from_before_is_not_opened_with_the_new_key_and_it_is_said_what_to_do(
    on_disk: Ledger, tmp_path: Path
) -> None:
    on_disk.append(3)
    backup = copied(on_disk, tmp_path / "backup")
    changed = on_disk.change()
    on_disk.append()
    put_back(on_disk, backup, "plant.db")
    with pytest.raises(LostHistory) as refused:
        on_disk.opened()
    said = str(refused.value)
    assert f"signed last by the key {changed.old.name}+{changed.old.key_id.hex()}" in said
    assert changed.new.key_id.hex() in said
    assert changed.old_path.name in said
    assert "Put the right database back" in said
    assert on_disk.codes() == ["signature_wrong"]
    assert on_disk.codes(changed.old_path.with_suffix(".pub")) == []


def test_a_backup_from_before_with_the_old_key_is_not_opened_until_the_loss_is_accepted(
    on_disk: Ledger, tmp_path: Path
) -> None:
    on_disk.append(3)
    backup = copied(on_disk, tmp_path / "backup")
    changed = on_disk.change()
    on_disk.append()
    put_back(on_disk, backup, "plant.db", "plant.key")
    with pytest.raises(LostHistory, match="from before the key was changed") as refused:
        on_disk.opened()
    assert "accept-loss" in str(refused.value)
    assert on_disk.in_place == changed.old  # nothing was put in place of it


def test_the_key_that_the_ledger_names_must_be_there(on_disk: Ledger, tmp_path: Path) -> None:
    on_disk.append(2)
    backup = copied(on_disk, tmp_path / "backup")
    changed = on_disk.change()
    new = on_disk.key_path.read_bytes()
    put_back(on_disk, backup, "plant.key")
    beside = log_key.key_aside(on_disk.key_path, changed.new)
    with pytest.raises(KeyMissing, match="was replaced at entry 2"):
        on_disk.opened()
    shutil.copyfile(changed.old_path, beside)  # another key under its name
    beside.chmod(0o600)
    with pytest.raises(KeyMissing, match="was replaced at entry 2"):
        on_disk.opened()
    beside.write_bytes(new)
    on_disk.opened().close()
    assert on_disk.in_place == changed.new


def test_a_key_of_no_time_of_this_ledger_is_refused(on_disk: Ledger) -> None:
    on_disk.append(2)
    changed = on_disk.change()
    on_disk.key_path.unlink()
    signing.write_key_file(on_disk.key_path, new_signer(changed.new.name))
    with pytest.raises(KeyMissing, match="none of those that sign this ledger"):
        on_disk.opened()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("UPDATE ledger SET payload = NULL, salt = NULL WHERE type = 'key_changed'", None),
        ("DELETE FROM ledger WHERE type = 'key_changed'", "entry_missing"),
        ("UPDATE ledger SET type = 'clock_stepped' WHERE type = 'key_changed'", "column_differs"),
    ],
)
def test_a_change_that_was_tampered_with_is_found(
    on_disk: Ledger, what: str, code: str | None
) -> None:
    on_disk.append(2)
    changed = on_disk.change()
    on_disk.append(1)
    _execute(on_disk, what)
    for public_key in (on_disk.public, changed.old_path.with_suffix(".pub")):
        found = on_disk.codes(public_key)
        assert found[0] == (code or "entry_does_not_fold")
    with pytest.raises(DamagedDatabase):
        on_disk.opened()


STEPS: list[tuple[Any, str]] = [
    *((os, name) for name in ("fsync", "link", "rename", "replace", "unlink")),
    *((Path, name) for name in ("replace", "unlink")),
    *((SqlUnitOfWork, name) for name in ("append", "seal_acts_anew")),
    *((ledger_table, "write_head"), (writer, "write_seal")),
    *((session.WriterSession, name) for name in ("refuse_other_file", "close")),
]
"""What changes a file, or stands around the commit."""


def _killed_at(ledger: Ledger, step: int) -> None:
    """Change the key in this process, and end it at its n-th call that changes a file or commits."""
    calls = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    for owner, name in STEPS:
        setattr(owner, name, counted(getattr(owner, name)))
    ledger.change()
    os._exit(0)


def _run(ledger: Ledger, step: int) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=_killed_at, args=(ledger, step))
    process.start()
    process.join(60)
    return process.exitcode


def killings(ledger: Ledger, folder: Path) -> Iterator[tuple[int, Ledger]]:
    """Yield copies of the ledger, each with its change of the key killed at another step."""
    for step in range(1, 200):
        place = folder / str(step)
        shutil.copytree(ledger.folder, place)
        copy = Ledger(f"sqlite:///{place / 'plant.db'}", place)
        code = _run(copy, step)
        if code == 0:
            return
        assert code == -signal.SIGKILL
        yield step, copy


def test_wherever_it_is_killed_the_next_start_finishes_or_undoes_it(
    on_disk: Ledger, tmp_path: Path
) -> None:
    on_disk.append(2)
    with on_disk.opened() as database:
        database.write_now(keeping("one"))
        database.verification.verify_once()
    old, outcomes = on_disk.in_place, []
    for _, copy in killings(on_disk, tmp_path / "killed"):
        assert copy.codes() == []  # as it was left, before anything has mended it
        with copy.opened() as database:
            assert database.verification.state.verified_size == 2
            keys = database.read_now(lambda reader: keys_of(reader, old))
            assert database.read_now(lambda reader: reader.act("one")) == act("one")
        outcomes.append(bool(keys.changes))
        assert copy.in_place.text == keys.newest.text
        assert load_public_key(copy.public).text == keys.newest.text
        copy.append()
        assert copy.codes() == []
        assert note_is_signed(parse_note(copy.head), keys.newest)
        changed = copy.change()  # and it can be changed again
        with copy.opened() as database:
            assert database.verification.state.verified_size == 2
        assert changed.old.text == keys.newest.text
        assert copy.codes() == []
    assert outcomes == sorted(outcomes)
    assert outcomes.count(False) >= 3
    assert outcomes.count(True) >= 3


def test_a_last_step_that_fails_says_what_the_next_start_will_do(
    on_disk: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said *no space left*, and not that the ledger had another key by then."""
    on_disk.append(2)
    opens: list[int] = []

    def failing(*given: Any, **named: Any) -> SqlDatabase:
        opens.append(1)
        if len(opens) == 2:
            raise StoreTrouble("No space left on device")
        return open_database(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(changing_key, "open_database", failing)
        with pytest.raises(StoreTrouble, match="The key was changed all the same") as told:
            on_disk.change()
    before = load_key_file(on_disk.key_path).verifier
    with on_disk.opened() as database:
        now = database.verification.verifier
    assert now.text in str(told.value)
    assert now != before
    assert load_key_file(on_disk.key_path).verifier == now


def test_a_failure_before_the_commit_changes_nothing(on_disk: Ledger) -> None:
    on_disk.append()
    before = on_disk.in_place

    def fails(*_: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        change_key(
            on_disk.url,
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=on_disk.key_path,
            record=fails,
        )
    on_disk.append()
    assert on_disk.in_place == before
    assert on_disk.codes() == []
