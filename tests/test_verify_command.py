"""`redrabbit verify` says what it trusted, and each exit means one thing (D60; T1, T2, T6)."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from redrabbit import __version__
from redrabbit.base.signing import load_key_file, load_public_key, new_signer
from redrabbit.cli import main
from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import Event
from redrabbit.services.ports import UnitOfWork
from redrabbit.store import log_key
from redrabbit.store.database_files import companion
from redrabbit.store.log_key import LogKey
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.unit_of_work import Recording
from redrabbit.web.api.ledger import entry_proof
from simulators.virtual_clock import VirtualClock
from tests.logs import log_over
from tests.store.sample_database import Sample, played
from tests.store.sample_story import BEGIN

MISS = 89
"""The entry of the story's first miss; its case is opened by the next one."""

Verify = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return played(tmp_path_factory.mktemp("plant"))


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    def verified(*asked: object) -> tuple[int, str]:
        code = main(["verify", *map(str, asked)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return verified


@pytest.fixture
def kept(plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The checkpoint of the whole story, kept elsewhere."""
    assert main(["checkpoint", "--database", plant.url]) == 0
    path = tmp_path / "kept.txt"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


@pytest.fixture
def exported(plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "records.export"
    period = ["--from", "2026-03-01", "--to", "2026-03-04", "--key", str(plant.key)]
    assert main(["export", "--database", plant.url, *period, "-o", str(path)]) == 0
    capsys.readouterr()
    return path


@pytest.fixture
def proof(plant: Sample, tmp_path: Path) -> Path:
    """The proof of the miss, as it is downloaded."""
    path = tmp_path / "proof.json"
    with open_for_reading(plant.url) as database:
        told = database.read_now(lambda reader: entry_proof(reader, MISS))
    path.write_text(told.model_dump_json(), encoding="utf-8")
    return path


def key_text(plant: Sample) -> str:
    return load_public_key(plant.public_key).text


def test_with_nothing_from_elsewhere_nothing_is_called_unaltered(
    plant: Sample, exported: Path, verify: Verify
) -> None:
    for asked in (["--database", plant.url], [exported]):
        code, told = verify(*asked)
        assert code == 0
        assert told.startswith(f"consistent in itself with the key {key_text(plant)}")
        assert "compare it with the one you were given" in told
        assert "unaltered" not in told


def test_where_no_head_is_remembered_it_is_said_that_none_was_compared(
    plant: Sample, kept: Path, tmp_path: Path, verify: Verify
) -> None:
    """D62: a database that was put back is whole in itself; only something outside can tell that it was longer."""
    nothing = "no remembered head was beside it to compare"
    assert nothing not in verify("--database", plant.url)[1]
    for file in plant.key.parent.iterdir():
        if file.suffix != ".head":
            shutil.copy(file, tmp_path)
    copy = f"sqlite:///{tmp_path / 'plant.db'}"
    code, told = verify("--database", copy)
    assert code == 0
    assert nothing in told
    assert nothing not in verify("--database", copy, "--checkpoint", kept)[1]


def test_what_was_given_is_named(plant: Sample, exported: Path, kept: Path, verify: Verify) -> None:
    """A key that lies beside the database is given, too, if somebody names it."""
    for asked in (["--database", plant.url], [exported]):
        code, told = verify(*asked, "--public-key", plant.public_key)
        assert code == 0
        assert told.startswith("unaltered")
        assert f"trusted: the key {plant.public_key}: {key_text(plant)}" in told
        code, told = verify(*asked, "--checkpoint", kept)
        assert code == 0
        assert told.startswith("unaltered")
        assert f"trusted: the checkpoint {kept}" in told
        assert f"signed that checkpoint, too: {key_text(plant)}" in told


def replayed(honest: Sample, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database in which the miss was a detection and no case was opened, all signed by a new key (T1)."""
    origin = load_public_key(honest.public_key).name
    monkeypatch.setattr(log_key, "new_key", lambda _plant: LogKey(new_signer(origin)))
    with open_for_reading(honest.url) as database:
        told = database.read_now(lambda reader: reader.entries(0, MISS + 1))

    def again(work: UnitOfWork) -> None:
        for entry in told:
            assert entry.payload is not None
            payload = dict(entry.payload)
            if "signals" in payload:
                payload["signals"] = None  # later in the story some of them were erased
            if entry.index == MISS:
                assert payload["verdict"] == "missed"
                payload["verdict"] = "detected"
            event = Event(
                type=entry.type,
                stream=entry.stream,
                occurred_at=entry.occurred_at,
                actor=entry.actor,
                payload=payload,
            )
            work.append(event)

    url = f"sqlite:///{folder / 'replayed.db'}"
    recording = Recording(fold=fold, software=__version__)
    with open_database(
        url, plant="Sampleville", clock=VirtualClock(BEGIN), recording=recording
    ) as database:
        database.write_now(again)
    with sqlite3.connect(folder / "replayed.db") as copy:
        copy.execute("ATTACH ? AS honest", (honest.url.removeprefix("sqlite:///"),))
        for table in ("stated_names", "blobs"):
            copy.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM honest.{table}")
    copy.close()
    return url


def test_a_history_that_was_replayed_with_another_key_is_never_called_unaltered(
    plant: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path, verify: Verify
) -> None:
    """T1: whoever can write the database can write the public key beside it."""
    url = replayed(plant, tmp_path, monkeypatch)
    other = load_public_key(companion(tmp_path / "replayed.db", ".pub"))
    assert other.name == load_public_key(plant.public_key).name
    code, told = verify("--database", url)
    assert code == 0, told
    assert told.startswith(f"consistent in itself with the key {other.text}")
    assert "unaltered" not in told
    for given in (["--public-key", plant.public_key], ["--checkpoint", kept]):
        code, told = verify("--database", url, *given)
        assert code == 1
        assert "not signed by the key" in told


def signed_at(plant: Sample, size: int, folder: Path) -> Path:
    """Return the file with a checkpoint of the log as it was, or may be, at another size."""
    with sqlite3.connect(plant.url.removeprefix("sqlite:///")) as database:
        rows = database.execute('SELECT stream, leaf_hash FROM ledger ORDER BY "index"').fetchall()
    rows += [("line1", bytes(32))] * (size - len(rows))
    path = folder / f"{size}.txt"
    signer = load_key_file(plant.key)
    path.write_text(sign_checkpoint(log_over(rows[:size]), signer), encoding="utf-8")
    return path


@pytest.mark.parametrize("further", [-23, 1])
def test_a_file_does_not_prove_that_its_log_goes_on_from_a_checkpoint_of_another_size(
    plant: Sample, exported: Path, tmp_path: Path, verify: Verify, further: int
) -> None:
    """T2: what can't be proved is not told as proved, and an option is never ignored."""
    size = _size(plant)
    other = signed_at(plant, size + further, tmp_path)
    code, told = verify(exported, "--checkpoint", other)
    assert code == 3
    assert "unaltered" not in told
    assert f"it has {size + further} entries and the log in the file {size}" in told
    assert "not verified: that its log goes on from the checkpoint" in told
    code, told = verify(exported, "--checkpoint", other, "--public-key", plant.public_key)
    assert code == 3
    assert told.startswith("unaltered and complete")
    assert str(other) not in told


def _size(plant: Sample) -> int:
    with open_for_reading(plant.url) as database:
        return database.read_now(lambda reader: reader.head()).size


def test_a_checkpoint_of_another_history_contradicts_a_file_of_the_same_size(
    plant: Sample, exported: Path, tmp_path: Path, verify: Verify
) -> None:
    """T2: the case for which the option exists."""
    size = _size(plant)
    other = signed_at(plant, size, tmp_path)
    honest = other.read_text(encoding="utf-8")
    signer = load_key_file(plant.key)
    forged = log_over([("line1", bytes(32))] * size)
    other.write_text(sign_checkpoint(forged, signer), encoding="utf-8")
    code, told = verify(exported, "--checkpoint", other)
    assert code == 1
    assert f"the first {size} entries are not those that were signed then" in told
    other.write_text(honest, encoding="utf-8")
    assert verify(exported, "--checkpoint", other)[0] == 0


def test_what_is_no_checkpoint_is_told_before_anything_is_read(
    plant: Sample, exported: Path, proof: Path, verify: Verify
) -> None:
    for asked in (["--database", plant.url], [exported], ["--proof", proof]):
        for given in ("/etc/passwd", "nowhere", proof):
            code, told = verify(*asked, "--checkpoint", given)
            assert code == 3
            assert str(given) in told
            assert "unaltered" not in told
        code, told = verify(*asked, "--public-key", "/etc/passwd")
        assert code == 3
        assert "/etc/passwd" in told


@pytest.mark.parametrize("noise", ["\r\n", "\ufeff", "  \r\n\r\n"])
def test_line_ends_of_a_mailed_checkpoint_and_key_are_forgiven(
    plant: Sample, kept: Path, tmp_path: Path, verify: Verify, noise: str
) -> None:
    """T6."""
    for given, file in (("--checkpoint", kept), ("--public-key", plant.public_key)):
        text = file.read_text(encoding="utf-8")
        mailed = tmp_path / "mailed.txt"
        noisy = noise + text.replace("\n", "\r\n") + noise.replace("\ufeff", "")
        mailed.write_bytes(noisy.encode())
        assert verify("--database", plant.url, given, mailed)[0] == 0


def test_what_could_not_be_read_is_not_called_altered(
    tmp_path: Path, plant: Sample, verify: Verify
) -> None:
    """D60: 1 altered, 2 wrong use, 3 could not be read."""
    assert verify("--database", f"sqlite:///{tmp_path / 'nowhere.db'}")[0] == 3
    assert verify(tmp_path / "nowhere.export")[0] == 3
    assert verify("--database", plant.url, "--public-key", tmp_path / "nowhere.pub")[0] == 3
    assert verify("--database", "postgresql://localhost/plant")[0] == 2
    (tmp_path / "empty.db").touch()
    assert verify("--database", f"sqlite:///{tmp_path / 'empty.db'}")[0] == 1


def test_a_proof_is_verified_as_it_is_downloaded(
    plant: Sample, proof: Path, kept: Path, verify: Verify
) -> None:
    for given in (["--public-key", plant.public_key], ["--checkpoint", kept]):
        code, told = verify("--proof", proof, *given)
        assert code == 0
        assert told.startswith(
            f"unaltered: entry {MISS} (counted from 0) of a ledger of {_size(plant)} entries"
        )
        assert f"{given[1]}" in told
        assert "verdict_reached of stream line1" in told
        assert '"verdict":"missed"' in told
    proof.write_text(proof.read_text(encoding="utf-8").replace("missed", "detected"), "utf-8")
    code, told = verify("--proof", proof, "--public-key", plant.public_key)
    assert code == 1
    assert "the payload is not the one that was signed" in told


def test_a_proof_says_when_its_payload_is_not_there(
    plant: Sample, proof: Path, verify: Verify
) -> None:
    """D51."""
    told = json.loads(proof.read_text(encoding="utf-8")) | {"payload": None, "salt": None}
    proof.write_text(json.dumps(told, indent=2), encoding="utf-8")
    code, words = verify("--proof", proof, "--public-key", plant.public_key)
    assert code == 0
    assert "its payload is not in the file" in words


def test_a_proof_wants_something_to_trust_and_says_what_it_does_not_prove(
    plant: Sample, proof: Path, exported: Path, tmp_path: Path, verify: Verify
) -> None:
    code, told = verify("--proof", proof)
    assert code == 2
    assert "a proof holds no key" in told
    assert verify(exported, "--proof", proof)[0] == 2
    assert verify("--database", plant.url, "--proof", proof)[0] == 2
    older = signed_at(plant, _size(plant) - 7, tmp_path)
    code, told = verify("--proof", proof, "--checkpoint", older)
    assert code == 3
    assert "unaltered" not in told
    code, told = verify("--proof", proof, "--checkpoint", older, "--public-key", plant.public_key)
    assert code == 3
    assert told.startswith("unaltered: entry")
    assert str(older) not in told


def test_a_checkpoint_in_place_of_a_file_is_told_as_one(
    kept: Path, tmp_path: Path, verify: Verify
) -> None:
    message = tmp_path / "message.json"
    message.write_text(json.dumps({"checkpoint": kept.read_text()}), encoding="utf-8")
    for each in (kept, message):
        code, told = verify(each)
        assert code == 1
        assert "holds a checkpoint and no records: give it with --checkpoint" in told
    message.write_text("nothing of ours", encoding="utf-8")
    assert "--checkpoint" not in verify(message)[1]


def test_times_are_the_plants(exported: Path, verify: Verify) -> None:
    """The sample plant stands in Shanghai; the file itself tells it."""
    first = verify(exported)[1].splitlines()[0]
    assert first.endswith(" UTC+8")
    assert first.count("UTC+8") == 3, "from, to, and complete up to"
    assert verify("--lang", "zh", exported)[1].startswith("与密钥 ")
