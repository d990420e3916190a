"""What is known after a restart of how far entries were verified, and that nobody makes it more (D26, D62)."""

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from redrabbit.base.private_files import replace_private
from redrabbit.base.signing import load_key_file
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.signed_note import parse_note, sign_note
from redrabbit.services.record_fact import record
from redrabbit.store import background_verification, verified_mark
from redrabbit.store.background_verification import BackgroundVerification
from redrabbit.store.changing_key import change_key
from redrabbit.store.database import SqlDatabase
from redrabbit.store.engine import parsed_url, reader_engine
from redrabbit.store.found_rows import FoundRows
from redrabbit.store.log_key import LogKey, new_key
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import SqlUnitOfWork
from tests.store.sample_database import played
from tests.stored import RECORDING, SteppingClock, pause, put

MANY = 1_250
"""Above the newest entries, which are read at each opening."""
RANGE = 100
RANGES = 13
EDIT = 'UPDATE ledger SET nodes = zeroblob(64) WHERE "index" = {}'
FOUND = "nodes_differ"


class Killed(Exception):
    """The process ends here."""


def opened(path: Path) -> SqlDatabase:
    database = open_database(
        f"sqlite:///{path}", plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )
    database.verification._rests = 0.0
    return database


def put_some(numbers: range, work: SqlUnitOfWork) -> None:
    for number in numbers:
        work.append(put(pause(number)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "plant.db"
    with opened(path) as database:
        database.write_now(partial(put_some, range(1, MANY + 1)))
    return path


@pytest.fixture(autouse=True)
def by_small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_verification, "ENTRIES_IN_RANGE", RANGE)
    monkeypatch.setattr(verified_mark, "EVERY_S", 0.0)


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    return copied(kept, tmp_path / "plant")


def copied(kept: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept.parent, folder)
    return folder / kept.name


def changed(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        assert other.execute(sql).rowcount == 1


def live(path: Path, pieces: int, numbers: range = range(0)) -> list[str]:
    """Let the service live until so many pieces of work were done, and be killed; return what it knows then."""
    left = pieces

    def rest(_worked_s: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    with opened(path) as database, pytest.MonkeyPatch.context() as patch:
        database.write_now(partial(put_some, numbers))
        patch.setattr(database.verification, "_rest", rest)
        with pytest.raises(Killed):
            database.verification.verify_once()
        return [each.code for each in database.verification.state.findings]


def test_at_once_after_a_restart_it_is_known_what_was_verified_and_when(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as database:
        assert database.verification.state.verified_at is None
        before = database.verification.verify_once()
        assert (before.verified_size, before.passes, before.findings) == (MANY, 1, ())
    caplog.set_level(logging.INFO)
    with opened(path) as database:
        state = database.verification.state
    assert (state.verified_size, state.verified_at) == (MANY, before.verified_at)
    assert (state.whole_since, state.whole_at) == (before.whole_since, before.whole_at)
    assert (state.whole_at, state.passes) == (before.whole_at, 0)
    (said,) = [each for each in caplog.records if each.message == "verified before the start"]
    assert before.verified_at is not None
    assert vars(said)["verified_at"] == before.verified_at.isoformat()


def test_a_pass_that_was_killed_is_gone_on_with(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(path, 9)
    begun, entries = list[int](), FoundRows.entries

    def seen(rows: FoundRows, first: int, limit: int) -> Iterator[dict[str, object]]:
        begun.append(first)
        return entries(rows, first, limit)

    with opened(path) as database:
        assert database.verification.state.verified_size == 4 * RANGE
        monkeypatch.setattr(FoundRows, "entries", seen)
        assert database.verification.verify_once().verified_size == MANY
    assert begun[0] == 4 * RANGE
    assert begun == sorted(begun)


def test_what_came_since_is_read_before_the_old_is_read_again(path: Path) -> None:
    with opened(path) as database:
        database.verification.verify_once()
        database.write_now(partial(put_some, range(MANY + 1, MANY + 301)))
    live(path, 8)
    with opened(path) as database:
        verified = database.verification._verified
    assert verified.upto.size == MANY + 300
    assert verified.again.size == 0


def lives_until_found(path: Path, pieces: int, grows: int, most: int) -> int | None:
    """Return in which life damage is known, where each dies early and leaves more entries behind."""
    number = MANY + 1
    for life in range(1, most + 1):
        if live(path, pieces, range(number, number + grows)):
            return life
        number += grows
    return None


@settings(
    deadline=None,
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],  # to find a smaller example takes minutes
)
@example(at=0, healthy=1, lasts=(7, 0))  # no life was long enough to read all records
@given(
    at=st.integers(0, (MANY - 1_100) // 2),
    healthy=st.integers(0, 3),
    lasts=st.tuples(st.integers(7, 14), st.integers(0, 40)),
)
def test_however_short_each_life_is_all_is_read_again_in_bounded_time(
    kept: Path, tmp_path: Path, at: int, healthy: int, lasts: tuple[int, int]
) -> None:
    """An old entry is altered at any time; every life ends long before a pass does, and leaves some entries."""
    path = copied(kept, tmp_path / "plant")
    for _ in range(healthy):
        assert live(path, lasts[0]) == []
    changed(path, EDIT.format(2 * at + 1))
    assert lives_until_found(path, *lasts, most=24) is not None


def test_damage_is_known_after_a_restart_until_a_whole_pass_finds_nothing(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as database:
        database.verification.verify_once()
    entry = 'SELECT nodes FROM ledger WHERE "index" = 3'
    with closing(sqlite3.connect(path)) as other:
        (nodes,) = other.execute(entry).fetchone()
    changed(path, EDIT.format(3))
    with opened(path) as database:
        assert [e.code for e in database.verification.verify_once().findings] == [FOUND]
    with opened(path) as database:
        state = database.verification.state
        assert [each.code for each in state.findings] == [FOUND]
        assert state.passes == 0
    assert caplog.text.count("not as they were written") == 2, "in each life"
    changed(path, f"UPDATE ledger SET nodes = x'{nodes.hex()}' WHERE \"index\" = 3")
    assert live(path, 9) == [FOUND], "not the whole was read"
    with opened(path) as database:
        assert [each.code for each in database.verification.state.findings] == [FOUND]
        assert database.verification.verify_once().findings == ()
    with opened(path) as database:
        assert database.verification.state.findings == ()


@pytest.mark.parametrize(
    ("at", "counts"), [(RANGE + 3, 0), (RANGE + 1, RANGE)], ids=["in the proof", "beside it"]
)
def test_what_was_verified_no_longer_counts_from_a_damaged_entry_on(
    path: Path, at: int, counts: int
) -> None:
    """Where a node is damaged that must prove the mark, nothing counts; but what was found is known in any case."""
    with opened(path) as database:
        assert database.verification.verify_once().verified_size == MANY
        changed(path, EDIT.format(at))
        assert database.verification.verify_once().verified_size == RANGE
    with opened(path) as database:
        state = database.verification.state
        assert state.verified_size == counts
        assert [each.code for each in state.findings] == [FOUND]


def test_a_life_that_ends_in_the_middle_of_a_damaged_pass_has_told_what_was_found(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(path, EDIT.format(3))
    with opened(path) as database:
        monkeypatch.setattr(database.verification, "_records", partial(raising, Killed))
        with pytest.raises(Killed):
            database.verification.verify_once()
    with opened(path) as database:
        state = database.verification.state
        assert [each.code for each in state.findings] == [FOUND]
        assert state.verified_size == 0, "nothing counts as verified from the damaged range on"


def raising(error: type[Exception]) -> None:
    raise error


def mark_of(path: Path) -> Path:
    return path.with_name("plant.db.verified")


def another_key(path: Path) -> None:
    text = parse_note(mark_of(path).read_text()).text
    mark_of(path).write_text(sign_note(text, new_key("Plant 1").signer))


def more_than_was(path: Path) -> None:
    mark = mark_of(path)
    mark.write_text(mark.read_text().replace(f'"size":{MANY}', f'"size":{MANY + 50}'))


def other_text(path: Path) -> None:
    mark_of(path).write_text("verified: all of it\n")


def no_text(path: Path) -> None:
    mark_of(path).write_bytes(b"\xff\xfe\x00")


def too_long(path: Path) -> None:
    mark_of(path).write_bytes(b"x" * (verified_mark.MOST_BYTES + 1))


def a_checkpoint(path: Path) -> None:
    mark_of(path).write_text(path.with_name("plant.db.head").read_text())


def signed_beyond(path: Path) -> None:
    """Of this log and signed with its key, of more entries than it has: it lost some since."""
    text = parse_note(mark_of(path).read_text()).text
    beyond = text.replace(f'"size":{MANY}', f'"size":{MANY + 50}')
    key = load_key_file(path.with_name("plant.db.key"))
    mark_of(path).write_text(sign_note(beyond, key))


def signed_of_others(path: Path) -> None:
    """Of this log and signed with its key, of other entries: it was put back, and went on otherwise."""
    text = parse_note(mark_of(path).read_text()).text
    root = text.split('"upto":{"root":"')[1][:64]
    key = load_key_file(path.with_name("plant.db.key"))
    mark_of(path).write_text(sign_note(text.replace(root, "ab" * 32), key))


@pytest.mark.parametrize(
    "forged",
    [
        another_key,
        more_than_was,
        other_text,
        no_text,
        too_long,
        a_checkpoint,
        signed_beyond,
        signed_of_others,
    ],
)
def test_a_mark_that_is_not_this_ledgers_makes_nothing_count_as_verified(
    path: Path, forged: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as database:
        database.verification.verify_once()
    forged(path)
    with opened(path) as database:
        state = database.verification.state
        assert (state.verified_size, state.verified_at, state.whole_at) == (0, None, None)
        assert "nothing is known of what was verified before" in caplog.text
        assert database.verification.verify_once().verified_size == MANY


def test_another_databases_mark_is_not_believed(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "plant.db"
    other.parent.mkdir()
    with opened(other) as database:
        database.write_now(partial(put_some, range(1, 60)))
        database.verification.verify_once()
    shutil.copyfile(mark_of(other), mark_of(path))
    with opened(path) as database:
        assert database.verification.state.verified_size == 0


def test_a_mark_of_before_makes_less_count_and_ends_no_alarm(path: Path) -> None:
    live(path, 9)
    older = mark_of(path).read_text()
    with opened(path) as database:
        database.verification.verify_once()
    mark_of(path).write_text(older)
    with opened(path) as database:
        state = database.verification.state
        assert (state.verified_size, state.whole_at) == (4 * RANGE, None)
        assert state.passes == 0, "by which alone an alarm ends"


def test_a_removed_mark_makes_nothing_count(path: Path) -> None:
    with opened(path) as database:
        database.verification.verify_once()
    mark_of(path).unlink()
    with opened(path) as database:
        assert database.verification.state.verified_size == 0


def test_after_a_change_of_the_key_all_is_read_again_from_the_first_entry_on(path: Path) -> None:
    """What was verified is known, but the key before may be a stolen one; no alarm ends by that."""
    with opened(path) as database:
        assert database.verification.verify_once().verified_size == MANY
    change_key(
        f"sqlite:///{path}",
        clock=SteppingClock(),
        recording=RECORDING,
        key_path=None,
        record=lambda uow, fact: record(uow, fact, stream=PLANT_STREAM, actor=AGENT),
    )
    with opened(path) as database:
        state = database.verification.state
        assert state.verified_size == MANY
        assert database.verification._verified.again.size == 0
        assert state.passes == 0, "by which alone an alarm ends"
        after = database.verification.verify_once()
        assert (after.verified_size, after.findings) == (MANY + 1, ())
    with opened(path) as database:
        assert database.verification.state.verified_size == MANY + 1


def test_only_its_owner_may_read_it(path: Path) -> None:
    with opened(path) as database:
        database.verification.verify_once()
    assert mark_of(path).stat().st_mode & 0o777 == 0o600


def test_it_is_written_once_a_minute_at_most_and_at_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing is written for each range, and `kill -9` loses a minute."""
    monkeypatch.setattr(verified_mark, "EVERY_S", 60.0)
    written = list[Path]()

    def seen(file: Path, content: bytes) -> None:
        written.append(file)
        replace_private(file, content)

    monkeypatch.setattr(verified_mark, "replace_private", seen)
    with opened(path) as database:
        database.verification.verify_once()
    assert written == [mark_of(path)] * 2


def test_a_mark_that_can_not_be_written_is_said_once_and_stops_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space")

    with opened(path) as database:
        with monkeypatch.context() as patch:
            patch.setattr(verified_mark, "replace_private", full)
            assert database.verification.verify_once().verified_size == MANY
        database.verification.verify_once()
    assert caplog.text.count("is not kept") == 1
    assert mark_of(path).exists()


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("DELETE FROM blobs WHERE rowid = (SELECT min(rowid) FROM blobs)", "blob_missing"),
        (
            "UPDATE blobs SET kind = 'x' WHERE rowid = (SELECT min(rowid) FROM blobs)",
            "column_differs",
        ),
    ],
)
def test_what_entries_of_a_range_name_is_missed_where_it_is_gone(
    tmp_path: Path, sql: str, code: str
) -> None:
    sample = played(tmp_path)
    with sample.open() as database:
        database.verification._rests = 0.0
        assert database.verification.verify_once().findings == ()
        changed(tmp_path / "plant.db", sql)
        assert [each.code for each in database.verification.verify_once().findings] == [code]


def test_a_database_that_can_not_be_read_now_says_nothing_of_what_was_verified(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as database:
        database.verification.verify_once()
    key = LogKey(load_key_file(path.with_name("plant.db.key")))
    nowhere = reader_engine(parsed_url(f"sqlite:///{tmp_path / 'nowhere.db'}"))
    mark = verified_mark.VerifiedMark(path.with_name("plant.db.key"), key)
    verification = BackgroundVerification(nowhere, key.verifier, SteppingClock(), mark=mark)
    assert verification.state.verified_at is None
    assert "it is not known what was verified" in caplog.text


def test_it_is_known_of_postgresql_as_well(postgresql_url: str, tmp_path: Path) -> None:
    def served() -> SqlDatabase:
        database = open_database(
            postgresql_url,
            plant="Plant 1",
            clock=SteppingClock(),
            recording=RECORDING,
            key_path=tmp_path / "plant.key",
        )
        database.verification._rests = 0.0
        return database

    with served() as database:
        database.write_now(partial(put_some, range(1, 2 * RANGE)))
        before = database.verification.verify_once()
        assert (before.verified_size, before.findings) == (2 * RANGE - 1, ())
    with served() as database:
        state = database.verification.state
    assert (state.verified_size, state.verified_at) == (before.verified_size, before.verified_at)
    assert (tmp_path / "plant.verified").exists()
