"""A ledger that is shorter or another than it was is not served, until somebody accepts that (T3, D62)."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from redrabbit.base.signing import load_key_file
from redrabbit.cli import main
from redrabbit.domain.checkpoint import parse_checkpoint, sign_checkpoint
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.plant import HistoryLost, NotWatched, NotWatchedWhy
from redrabbit.domain.signed_note import parse_note
from redrabbit.services.errors import LostHistory, StoreTrouble
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from tests.logs import log_over
from tests.stored import RECORDING, SteppingClock, happened

Told = Callable[..., tuple[int, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    def accept(path: Path, checkpoint: Path, *more: str) -> tuple[int, str]:
        asked = ["accept-loss", "--database", f"sqlite:///{path}", "--checkpoint", str(checkpoint)]
        code = main([*asked, "--by", "Anna Li", *more])
        said = capsys.readouterr()
        return code, said.out + said.err

    return accept


def opened(path: Path) -> SqlDatabase:
    return open_database(f"sqlite:///{path}", plant="P", clock=SteppingClock(), recording=RECORDING)


def head_of(path: Path) -> Path:
    return path.with_name(path.name + ".head")


def append(path: Path, entries: int) -> None:
    with opened(path) as database:
        for _ in range(entries):
            database.write_now(lambda work: work.append(happened("clock_stepped", step_s=1.0)))


@pytest.fixture
def put_back(tmp_path: Path) -> Path:
    """A database of 5 entries that a copy of 2 was put in place of."""
    path, backup = tmp_path / "plant.db", tmp_path / "backup.db"
    append(path, 2)
    shutil.copyfile(path, backup)
    append(path, 3)
    for left in ("-wal", "-shm"):
        path.with_name(path.name + left).unlink(missing_ok=True)
    shutil.copyfile(backup, path)
    return path


def test_the_head_is_remembered_beside_the_key_as_it_was_signed(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    append(path, 3)
    note = head_of(path).read_text(encoding="utf-8")
    with open_for_reading(f"sqlite:///{path}") as database:
        assert note == database.read_now(lambda reader: reader.head()).checkpoint
    assert parse_checkpoint(parse_note(note).text).size == 3
    assert head_of(path).stat().st_mode & 0o777 == 0o600


def test_an_older_copy_is_not_opened_and_the_message_says_what_to_do(put_back: Path) -> None:
    with pytest.raises(LostHistory, match="has 2 entries, and had 5: 3 are missing") as refused:
        opened(put_back)
    assert "redrabbit accept-loss" in str(refused.value)
    with open_for_reading(f"sqlite:///{put_back}") as database:
        assert database.read_now(lambda reader: reader.head()).size == 2


def test_verification_finds_it_and_no_file_of_it_leaves(
    put_back: Path, told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file holds a checkpoint: there would be two of one size (D62)."""
    database = ["--database", f"sqlite:///{put_back}"]
    assert main(["verify", *database]) == 1
    said = capsys.readouterr().out
    assert "remembered head: it has 5 entries and the ledger only 2: entries were removed" in said
    assert "redrabbit accept-loss" in said
    output = tmp_path / "records"
    asked = ["export", *database, "--from", "2026-03-01", "--to", "2026-03-04", "-o", str(output)]
    assert main(asked) == 1
    assert "has 2 entries, and had 5: 3 are missing" in capsys.readouterr().err
    assert not output.exists()
    told(put_back, head_of(put_back))
    assert main(["verify", *database]) == 0, "accepted, and recorded"


def test_a_remembered_head_that_is_damaged_is_no_reason_to_accept_a_loss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plant.db"
    append(path, 3)
    head_of(path).write_text("nothing that was signed", encoding="utf-8")
    assert main(["verify", "--database", f"sqlite:///{path}"]) == 1
    said = capsys.readouterr().out
    assert "remembered head: " in said
    assert "accept-loss" not in said


def test_a_ledger_of_the_same_size_that_is_another_is_found_beside_its_remembered_head(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one with the signing key rewrote it, and forgot the file beside it."""
    path = tmp_path / "plant.db"
    append(path, 3)
    signer = load_key_file(path.with_name("plant.db.key"))
    other = log_over(("plant", bytes([number] * 32)) for number in range(3))
    head_of(path).write_text(sign_checkpoint(other, signer), encoding="utf-8")
    assert main(["verify", "--database", f"sqlite:///{path}"]) == 1
    said = capsys.readouterr().out
    assert "remembered head: the first 3 entries are not those that were signed then" in said


def test_whoever_accepts_it_is_recorded_and_the_plant_goes_on(put_back: Path, told: Told) -> None:
    code, said = told(put_back, head_of(put_back))
    assert code == 0
    assert (
        "recorded by Anna Li: the ledger lost at least 3 entries: it had 5, and goes on with 2"
        in said
    )
    with opened(put_back) as database:
        entries = database.read_now(lambda reader: reader.entries())
        lost, unknown, raised = entries[2:]
        assert fact_of(unknown) == NotWatched(
            begins_at=entries[1].recorded_at,
            ends_at=lost.recorded_at,
            why=NotWatchedWhy.HISTORY_LOST,
        )
        fact = fact_of(lost)
        assert isinstance(fact, HistoryLost)
        assert (fact.found_size, fact.size) == (2, 5)
        names = database.read_now(lambda reader: reader.names())
        assert names[lost.actor.id].name == "Anna Li"
        assert raised.payload is not None
        assert raised.payload["kind"] == AlarmKind.HISTORY_LOST
    assert main(["verify", "--database", f"sqlite:///{put_back}"]) == 0


def test_an_older_copy_that_went_on_by_itself_is_another_history(
    put_back: Path, told: Told
) -> None:
    remembered = head_of(put_back)
    kept = remembered.rename(remembered.with_name("kept"))
    append(put_back, 9)
    shutil.copyfile(kept, remembered)
    with pytest.raises(LostHistory, match="the first 5 entries of its ledger are not those"):
        opened(put_back)
    code, said = told(put_back, kept)
    assert code == 0
    assert "the history of 5 entries is lost, and the ledger goes on with another" in said
    opened(put_back).close()


def test_where_nothing_is_lost_nothing_is_recorded(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "plant.db"
    append(path, 3)
    code, said = told(path, head_of(path))
    assert (code, "nothing is lost" in said) == (0, True)
    with open_for_reading(f"sqlite:///{path}") as database:
        assert database.read_now(lambda reader: reader.head()).size == 3


def test_only_a_checkpoint_that_this_ledgers_key_signed_is_accepted(
    put_back: Path, tmp_path: Path, told: Told
) -> None:
    other = tmp_path / "other.db"
    append(other, 7)
    code, said = told(put_back, head_of(other))
    assert code != 0
    assert "no checkpoint of this ledger" in said
    code, said = told(tmp_path / "none.db", head_of(other))
    assert code != 0
    assert not (tmp_path / "none.db").exists()


def test_another_database_in_its_place_is_not_opened(put_back: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    append(other, 7)
    for ending in ("", ".key", ".pub"):
        shutil.copyfile(f"{other}{ending}", f"{put_back}{ending}")
    with pytest.raises(LostHistory, match="another database was put in place"):
        opened(put_back)


@pytest.mark.parametrize("content", ["", "no note", "a\nb\n\n— c d\n"])
def test_a_remembered_head_that_says_nothing_is_told(put_back: Path, content: str) -> None:
    head_of(put_back).write_text(content, encoding="utf-8")
    with pytest.raises(LostHistory, match="holds no signed head"):
        opened(put_back)


def test_a_new_ledger_forgets_the_head_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    append(path, 3)
    for ending in ("", ".key", ".pub"):
        Path(f"{path}{ending}").rename(tmp_path / f"away{ending}")
    append(path, 1)
    note = parse_note(head_of(path).read_text(encoding="utf-8"))
    assert parse_checkpoint(note.text).size == 1


def test_a_ledger_of_which_nothing_is_remembered_is_served_and_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A copy was put back without its `….head`: nothing beside it can tell what is missing."""
    path = tmp_path / "plant.db"
    with opened(path) as database:
        assert not database.remembered.was_absent, "a new ledger misses nothing"
        assert database.remembered.size is None
        database.write_now(lambda work: work.append(happened("clock_stepped", step_s=1.0)))
    remembered = database.remembered
    assert (remembered.size, remembered.is_failing) == (1, False)
    assert remembered.written_at is not None
    opened(path).close()
    assert "no signed head is remembered" not in caplog.text
    head_of(path).unlink()
    with opened(path) as database:
        assert database.remembered.was_absent
        (told,) = [each for each in caplog.records if "remembered" in each.message]
        assert (told.levelname, told.__dict__["entries"]) == ("WARNING", 1)
        database.write_now(lambda work: work.append(happened("clock_stepped", step_s=1.0)))
    assert database.remembered.was_absent, "as long as this life lasts"
    with opened(path) as database:
        assert not database.remembered.was_absent


def test_a_head_that_can_not_be_written_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    append(path, 1)
    head_of(path).unlink()
    head_of(path).mkdir()  # a file can't take its place
    with pytest.raises(StoreTrouble, match="head"):
        opened(path)
    head_of(path).rmdir()
    with opened(path) as database:
        head_of(path).unlink(missing_ok=True)
        head_of(path).mkdir()
        database.write_now(lambda work: work.append(happened("clock_stepped", step_s=1.0)))
        assert database.read_now(lambda reader: reader.head()).size == 2
    assert database.remembered.is_failing


def test_what_is_remembered_is_never_ahead_of_the_database(tmp_path: Path) -> None:
    """D62: a crash right after a commit leaves a database that is ahead, and that opens."""
    path = tmp_path / "plant.db"
    append(path, 4)
    signer = load_key_file(path.with_name("plant.db.key"))
    with open_for_reading(f"sqlite:///{path}") as database:
        leaves = database.read_now(
            lambda reader: [(e.stream, reader.tree_node(0, e.index)) for e in reader.entries(0, 2)]
        )
    head_of(path).write_text(sign_checkpoint(log_over(leaves), signer), encoding="utf-8")
    append(path, 1)
    with open_for_reading(f"sqlite:///{path}") as database:
        assert database.read_now(lambda reader: reader.head()).size == 5


@pytest.mark.parametrize("which", ["older", "another ledger's"])
def test_a_checkpoint_that_shows_no_loss_does_not_make_it_forgotten(
    put_back: Path, tmp_path: Path, told: Told, which: str
) -> None:
    """Nothing is recorded, so what is remembered stays as it was, and so does the refusal."""
    remembered = head_of(put_back).read_text(encoding="utf-8")
    checkpoint = tmp_path / "checkpoint"
    if which == "older":
        with open_for_reading(f"sqlite:///{put_back}") as database:
            note = database.read_now(lambda reader: reader.head()).checkpoint
        checkpoint.write_text(note, encoding="utf-8")
    else:
        other = tmp_path / "other.db"
        append(other, 9)
        shutil.copyfile(head_of(other), checkpoint)
    code, _ = told(put_back, checkpoint)
    assert code != 0
    assert head_of(put_back).read_text(encoding="utf-8") == remembered
    with pytest.raises(LostHistory):
        opened(put_back)


def test_verification_tells_of_the_loss_with_time_name_and_number(
    put_back: Path, tmp_path: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a checkpoint of what was lost is told from one that shows a rewrite; neither is called unaltered."""
    kept = tmp_path / "kept"
    shutil.copyfile(head_of(put_back), kept)
    told(put_back, kept)
    append(put_back, 7)
    verify = ["verify", "--database", f"sqlite:///{put_back}"]
    assert main(verify) == 0
    said = capsys.readouterr().out
    assert "a history of 5 entries was lost, and the ledger went on with 2, at least 3 are" in said
    assert "entry 2, recorded 20" in said
    assert "accepted by Anna Li" in said
    assert main([*verify, "--checkpoint", str(kept)]) == 1
    said = capsys.readouterr().out
    assert "it is of the history of 5 entries that was lost, as Anna Li accepted on" in said
    assert "history was rewritten" not in said
    assert "accepted by Anna Li" in said, "with a finding, too"
    other = tmp_path / "other"
    signer = load_key_file(put_back.with_name("plant.db.key"))
    leaves = [("plant", bytes([number]) * 32) for number in range(4)]
    other.write_text(sign_checkpoint(log_over(leaves), signer), encoding="utf-8")
    assert main([*verify, "--checkpoint", str(other)]) == 1
    said = capsys.readouterr().out
    assert "as Anna Li accepted on" in said
    assert "or history was rewritten; a checkpoint of 4 entries can't tell which" in said
    engine = create_engine(f"sqlite:///{put_back}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM stated_names"))
    engine.dispose()
    assert main([*verify, "--checkpoint", str(kept)]) == 1
    said = capsys.readouterr().out
    assert "as somebody whose name is not there (name:" in said, (
        "a name that is gone is told by its id"
    )
    assert "accepted by somebody whose name is not there (name:" in said


def test_a_loss_is_recorded_once(put_back: Path, tmp_path: Path, told: Told) -> None:
    kept = tmp_path / "kept"
    shutil.copyfile(head_of(put_back), kept)
    told(put_back, kept)
    code, said = told(put_back, kept)
    assert (code, "recorded already" in said) == (0, True)


def test_a_kill_before_the_head_is_remembered_is_mended_by_asking_again(
    put_back: Path, tmp_path: Path, told: Told
) -> None:
    """The service refused to start, and said to do what was done already."""
    kept = tmp_path / "kept"
    shutil.copyfile(head_of(put_back), kept)
    told(put_back, kept)
    shutil.copyfile(kept, head_of(put_back))
    with pytest.raises(LostHistory):
        opened(put_back)
    code, said = told(put_back, kept)
    assert (code, "recorded already" in said) == (0, True)
    with opened(put_back) as database:
        assert database.read_now(lambda reader: reader.head()).size > 2
    with open_for_reading(f"sqlite:///{put_back}") as database:
        assert database.read_now(lambda reader: len(reader.entries_of(HistoryLost.TYPE))) == 1
