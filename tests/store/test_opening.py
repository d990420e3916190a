"""How a database comes into being, and what is refused instead of mended."""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from redrabbit.base.signing import load_key_file, load_public_key
from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import DamagedDatabase, KeyMissing, StoreTrouble
from redrabbit.store import opening
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, SteppingClock, any_fold, pause, put


def write_to(path: Path, plant: str = "Plant 1") -> SqlDatabase:
    return open_database(
        f"sqlite:///{path}", plant=plant, clock=SteppingClock(), recording=RECORDING
    )


def begin(path: Path) -> None:
    """Make a database with one record."""
    with write_to(path) as database:
        database.write_now(lambda work: work.append(put(pause(1))))


def verify(path: Path) -> object:
    return verify_database(f"sqlite:///{path}", fold=any_fold)


def read_from(path: Path) -> object:
    return open_for_reading(f"sqlite:///{path}")


DOORS = pytest.mark.parametrize("door", [write_to, read_from, verify])
Door = Callable[[Path], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plant.db"


def test_a_new_database_has_a_key_of_its_own_and_an_empty_signed_ledger(path: Path) -> None:
    with write_to(path, plant="Suzhou plant 2") as database:
        head = database.read_now(lambda reader: reader.head())
        assert head.size == 0
        assert head.checkpoint.startswith(f"{database.origin}\n0\n")
        assert database.origin.startswith("Suzhou-plant-2/")
    key = path.with_name("plant.db.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert load_key_file(key).name == database.origin
    assert load_public_key(path.with_name("plant.db.pub")) == load_key_file(key).verifier
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "plant.db",
        "plant.db.key",
        "plant.db.lock",
        "plant.db.pub",
        "plant.db.writer",
    ]


def test_each_log_has_a_name_of_its_own(tmp_path: Path) -> None:
    with write_to(tmp_path / "a.db") as first, write_to(tmp_path / "b.db") as second:
        assert first.origin != second.origin


def test_an_existing_log_keeps_its_name_whatever_the_plant_is_called_now(path: Path) -> None:
    with write_to(path, plant="Plant 1") as first:
        origin = first.origin
    with write_to(path, plant="Werk Eins") as second:
        assert second.origin == origin


def test_what_was_written_is_there_after_closing(path: Path) -> None:
    begin(path)
    with write_to(path) as database:
        assert database.read_now(lambda reader: reader.get(PauseRecord, "line1-P-1")) == pause(1)
        assert database.write_now(lambda work: work.append(put(pause(2)))).index == 1


def test_a_missing_key_is_refused_and_no_new_one_is_made(path: Path) -> None:
    begin(path)
    key = path.with_name("plant.db.key")
    key.unlink()
    with pytest.raises(KeyMissing, match=r"plant\.db\.key is missing"):
        write_to(path)
    assert not key.exists()
    assert verify(path)


def test_a_missing_public_half_is_written_again(path: Path) -> None:
    begin(path)
    path.with_name("plant.db.pub").unlink()
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound
    write_to(path).close()
    assert path.with_name("plant.db.pub").exists()


def test_a_damaged_key_is_refused(path: Path) -> None:
    begin(path)
    path.with_name("plant.db.key").write_text("PRIVATE+KEY+nonsense\n")
    with pytest.raises(DamagedDatabase, match="damaged signing key"):
        write_to(path)


def test_another_logs_key_is_refused(path: Path, tmp_path: Path) -> None:
    begin(path)
    begin(tmp_path / "other.db")
    (tmp_path / "other.db.key").replace(path.with_name("plant.db.key"))
    with pytest.raises(DamagedDatabase, match=r"checkpoint is of the log Plant-1/\w+; expected"):
        write_to(path)


def test_a_key_without_its_database_is_refused(path: Path) -> None:
    begin(path)
    path.unlink()
    with pytest.raises(KeyMissing, match=r"is gone.*Restore the database"):
        write_to(path)
    assert not path.exists()


def test_a_creation_that_was_cut_off_before_its_end_begins_anew(path: Path) -> None:
    """Killed while the database was still being made beside its place."""
    path.with_name("plant.db.new").write_bytes(b"half a data")
    path.with_name("plant.db.new-journal").write_bytes(b"half a journal")
    path.with_name("plant.db.key.new").write_text("half a key")
    begin(path)
    assert verify(path)
    assert not list(path.parent.glob("*.new*"))


def test_a_creation_that_was_cut_off_between_database_and_key_is_finished(path: Path) -> None:
    """Killed after the database was put in its place and before its key was."""
    begin(path)
    path.with_name("plant.db.key").rename(path.with_name("plant.db.key.new"))
    path.with_name("plant.db.pub").unlink()
    begin(path)
    assert load_key_file(path.with_name("plant.db.key")).name.startswith("Plant-1/")


def test_a_database_that_is_in_place_can_be_verified_though_its_key_is_not_yet(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo was stopped between the two, and its database had no public half to verify with."""

    def stopped(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopping:
        stopping.setattr(opening, "finish_key", stopped)
        with pytest.raises(KeyboardInterrupt):
            write_to(path)
    assert path.exists()
    assert not path.with_name("plant.db.key").exists()
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound
    begin(path)
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound


def test_a_database_that_is_in_place_needs_nothing_taken_back_before_it_is_read(path: Path) -> None:
    """Else whoever only reads can't: what is not turned to a write-ahead log yet may be killed while it is."""

    def stopped(_key_path: Path) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as stopping:
        stopping.setattr(opening, "finish_key", stopped)
        with pytest.raises(KeyboardInterrupt):
            write_to(path)
    written_by, read_by = path.read_bytes()[18:20]
    assert (written_by, read_by) == (2, 2), "a write-ahead log, by SQLite's file format"
    assert not list(path.parent.glob("*-journal")) + list(path.parent.glob("*-wal"))


def test_a_new_ledger_replaces_the_public_half_of_one_that_was_moved_away(path: Path) -> None:
    """It was verified with the old one, and called altered."""
    begin(path)
    for name in ("plant.db", "plant.db.key"):
        path.with_name(name).rename(path.with_name(f"old-{name}"))
    begin(path)
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound


def test_what_was_begun_and_can_not_be_removed_is_trouble(path: Path) -> None:
    path.with_name("plant.db.new").mkdir()
    with pytest.raises(StoreTrouble, match=r"removing what was begun: .*plant\.db\.new"):
        write_to(path)


def test_a_creation_on_postgresql_is_finished_too(postgresql_url: str, tmp_path: Path) -> None:
    def opened() -> SqlDatabase:
        return open_database(
            postgresql_url,
            plant="Plant 1",
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=tmp_path / "plant.key",
        )

    with opened() as database:
        origin = database.origin
    (tmp_path / "plant.key").rename(tmp_path / "plant.key.new")
    with opened() as database:
        assert database.origin == origin
    (tmp_path / "plant.key").unlink()
    with pytest.raises(KeyMissing, match="missing"):
        opened()


def test_a_key_without_its_postgresql_database_is_refused(
    postgresql_url: str, tmp_path: Path
) -> None:
    begin(tmp_path / "plant.db")
    with pytest.raises(KeyMissing, match="no tables"):
        open_database(
            postgresql_url,
            plant="Plant 1",
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=tmp_path / "plant.db.key",
        )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("plant.db", "no database address; expected sqlite:///PATH"),
        ("mysql://plant", "expected sqlite:///PATH or postgresql://"),
        ("sqlite://", "keeps nothing"),
        ("sqlite:///:memory:", "keeps nothing"),
        ("sqlite:////nowhere/at/all/plant.db", "there is no folder /nowhere/at/all"),
        ("postgresql://plant", "path for the log's signing key"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(StoreTrouble, match=words):
        open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING)


def test_a_server_that_is_not_there_is_trouble_without_a_password_in_it(tmp_path: Path) -> None:
    with pytest.raises(StoreTrouble, match=r"127\.0\.0\.1") as told:
        open_database(
            "postgresql://plant:tellnobody@127.0.0.1:1/plant",
            plant="Plant 1",
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=tmp_path / "plant.key",
        )
    assert "tellnobody" not in str(told.value)


@DOORS
def test_an_empty_file_is_refused(path: Path, door: Door) -> None:
    begin(path)
    path.write_bytes(b"")
    with pytest.raises(DamagedDatabase, match=r"plant\.db is empty \(0 bytes\)"):
        door(path)


@DOORS
def test_a_file_that_is_no_database_is_refused(path: Path, door: Door) -> None:
    begin(path)
    path.write_bytes(b"id;part;verdict\n" * 1000)
    with pytest.raises(DamagedDatabase, match=r"plant\.db.*file is not a database"):
        door(path)


@DOORS
def test_somebody_elses_database_is_refused(path: Path, door: Door) -> None:
    import sqlite3

    begin(path)
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY)")
    other.close()
    with pytest.raises(DamagedDatabase, match="which version"):
        door(path)


@DOORS
def test_a_folder_is_refused(path: Path, door: Door) -> None:
    path.mkdir()
    with pytest.raises(StoreTrouble, match=r"plant\.db is (a folder|no file)"):
        door(path)


@pytest.mark.parametrize("door", [read_from, verify])
def test_readers_do_not_make_a_database(path: Path, door: Door) -> None:
    path.with_name("plant.db.pub").write_text("irrelevant")
    with pytest.raises(StoreTrouble, match=r"no such database|public key"):
        door(path)
    assert not path.exists()


@contextmanager
def nobody_s_rights(folder: Path) -> Iterator[None]:
    """Let the folder's content be out of reach; root has to become somebody else for that."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    files = [folder, *folder.iterdir()]
    modes = [file.stat().st_mode for file in files]
    for file in reversed(files):
        file.chmod(0)
    try:
        yield
    finally:
        for file, mode in zip(files, modes, strict=True):
            file.chmod(mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
@DOORS
def test_a_database_out_of_reach_is_refused(path: Path, door: Door) -> None:
    begin(path)
    with nobody_s_rights(path.parent), pytest.raises(StoreTrouble, match="ermission"):
        door(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_database_can_be_verified_where_nothing_can_be_written(
    path: Path, tmp_path: Path
) -> None:
    begin(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders let nobody else in
        shelf = Path(made)
        for name in ("plant.db", "plant.db.pub"):
            (shelf / name).write_bytes(before[name])
        (shelf / "plant.db").chmod(0o444)
        shelf.chmod(0o555)
        try:
            with _as_anybody():
                assert verify_database(f"sqlite:///{shelf / 'plant.db'}", fold=any_fold).sound
        finally:
            shelf.chmod(0o755)
        assert {file.name for file in shelf.iterdir()} == {"plant.db", "plant.db.pub"}


@contextmanager
def _as_anybody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_says_it_can_only_be_read_is_refused_at_once(path: Path) -> None:
    """Byte 18 of the header is the version needed to write; a newer one leaves reading."""
    begin(path)
    raw = bytearray(path.read_bytes())
    raw[18] = 3
    path.write_bytes(raw)
    with pytest.raises(StoreTrouble, match="readonly"):
        write_to(path)


def test_an_altered_record_is_refused_before_anything_is_written(path: Path) -> None:
    import sqlite3

    begin(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE pauses SET declared_by = 'somebody else'")
    other.close()
    with pytest.raises(
        DamagedDatabase, match=r"pauses: block \d+ of its rows is not what was signed.*rebuild"
    ):
        write_to(path)
    with open_for_reading(f"sqlite:///{path}") as reader:
        assert reader.read_now(lambda r: r.head()).size == 1


def test_text_that_is_no_text_is_a_finding_and_no_traceback(path: Path) -> None:
    import sqlite3

    begin(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE pauses SET declared_by = CAST(x'c3280a' AS TEXT)")
    other.close()
    audited = verify_database(f"sqlite:///{path}", fold=any_fold)
    (finding,) = audited.findings
    assert (finding.place, finding.params["column"]) == ("pauses[line1-P-1]", "declared_by")
    with (
        open_for_reading(f"sqlite:///{path}") as reader,
        pytest.raises(DamagedDatabase, match="pauses"),
    ):
        reader.read_now(lambda r: r.find(PauseRecord))
    with pytest.raises(DamagedDatabase, match=r"pauses: block \d+ of its rows"):
        write_to(path)


@pytest.mark.parametrize(
    ("sql", "question", "words"),
    [
        pytest.param(
            "UPDATE pauses SET begins_at = 4611686018427387904",
            lambda reader: reader.get(PauseRecord, "line1-P-1"),
            "reading pauses: 4611686018427387904 microseconds",
            id="an instant beyond all calendars",
        ),
        pytest.param(
            "UPDATE ledger SET raw = x'00'",
            lambda reader: reader.entries(),
            "ledger entry 0",
            id="bytes that are no entry",
        ),
        *(
            pytest.param(
                f'UPDATE ledger SET {column} = {value} WHERE "index" = 0',
                lambda reader: reader.entries(),
                f"ledger entry 0: column {column} is not what the entry says. `redrabbit verify",
                id=f"another {column}",
            )
            for column, value in {
                "type": "'noted'",
                "schema": 1,
                "stream": "'line9'",
                "stream_seq": 9999,
                "previous": "'00'",
                "occurred_at": 0,
                "recorded_at": 0,
            }.items()
        ),
    ],
)
def test_what_can_not_be_read_is_damage_to_readers(
    path: Path, sql: str, question: Callable[[Any], object], words: str
) -> None:
    import sqlite3

    begin(path)
    with sqlite3.connect(path) as other:
        other.execute(sql)
    other.close()
    with (
        open_for_reading(f"sqlite:///{path}") as reader,
        pytest.raises(DamagedDatabase, match=words),
    ):
        reader.read_now(question)


def test_a_kept_checkpoint_finds_a_database_that_was_set_back(path: Path, tmp_path: Path) -> None:
    begin(path)
    early = path.read_bytes()
    with write_to(path) as database:
        database.write_now(lambda work: work.append(put(pause(2))))
        kept = tmp_path / "kept.txt"
        checkpoint = database.read_now(lambda reader: reader.head()).checkpoint
        kept.write_text(checkpoint, encoding="utf-8")
    url = f"sqlite:///{path}"
    assert verify_database(url, kept_checkpoint=kept, fold=any_fold).last_good == 2
    path.write_bytes(early)
    (finding,) = verify_database(url, fold=any_fold).findings
    assert (finding.code, finding.place) == ("kept_beyond", "remembered head")
    path.with_name(path.name + ".head").unlink()
    assert verify_database(url, fold=any_fold).sound  # in itself it is whole
    (finding,) = verify_database(url, kept_checkpoint=kept, fold=any_fold).findings
    assert finding.code == "kept_beyond"


def test_postgresql_is_verified_with_its_public_key(postgresql_url: str, tmp_path: Path) -> None:
    with open_database(
        postgresql_url,
        plant="Plant 1",
        clock=SteppingClock(),
        recording=RECORDING,
        key_path=tmp_path / "plant.key",
    ) as database:
        database.write_now(lambda work: work.append(put(pause(1))))
        audited = verify_database(postgresql_url, public_key=tmp_path / "plant.pub", fold=any_fold)
        assert (audited.sound, audited.size) == (True, 1)
    with pytest.raises(KeyMissing, match="public key"):
        verify_database(postgresql_url, fold=any_fold)


@pytest.mark.parametrize("missing", ["public_key", "kept_checkpoint"])
def test_a_missing_file_to_verify_with_is_trouble(path: Path, missing: str) -> None:
    begin(path)
    given: dict[str, Any] = {missing: path.with_name("nowhere")}
    with pytest.raises(StoreTrouble, match="nowhere"):
        verify_database(f"sqlite:///{path}", fold=any_fold, **given)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_every_file_of_the_records_is_its_owners_only(path: Path) -> None:
    """K8: whatever the umask; the public key is public."""
    before = os.umask(0)
    try:
        with write_to(path):
            modes = {
                file.name.removeprefix("plant.db"): oct(stat.S_IMODE(file.stat().st_mode))
                for file in path.parent.iterdir()
            }
    finally:
        os.umask(before)
    modes.pop(".pub")
    assert modes == dict.fromkeys(("", "-wal", "-shm", ".key", ".lock", ".writer"), "0o600")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_database_that_was_put_back_is_made_its_owners_only(path: Path) -> None:
    """`sqlite3 .backup` and `cp` give it the rights that the umask leaves."""
    write_to(path).close()
    path.chmod(0o644)
    with write_to(path):
        for ending in ("", "-wal", "-shm"):
            assert stat.S_IMODE(path.with_name(f"plant.db{ending}").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_signing_key_that_others_can_read_is_refused(path: Path) -> None:
    write_to(path).close()
    key = path.with_name("plant.db.key")
    key.chmod(0o644)
    with pytest.raises(StoreTrouble, match=r"signing key.*mode 0644.*chmod 600"):
        write_to(path)
    key.chmod(0o600)
    write_to(path).close()


ENDINGS = ["", ".key", ".pub", "-wal", ".head", ".verified"]


@pytest.mark.parametrize("is_made", [True, False], ids=["made before", "new"])
@pytest.mark.parametrize("ending", ENDINGS)
@DOORS
def test_a_disk_that_does_not_tell_of_a_file_is_told_in_words(
    path: Path, door: Door, ending: str, is_made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An I/O error of a look at the database, its key or its log ended the start with a traceback."""
    if is_made:
        begin(path)
    silent = path.with_name(path.name + ending)
    looks = Path.stat

    def stat_of(file: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if file == silent:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(file))
        return looks(file, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat_of)
    told = str(silent)
    try:
        door(path)
    except StoreTrouble as trouble:
        told = str(trouble)
    assert str(silent if is_made else path) in told
