"""`redrabbit change-key`, and what anybody with a key of any time verifies afterwards (issue 7, U5)."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from redrabbit.base.signing import load_key_file, load_public_key, new_signer, write_public_key
from redrabbit.cli import main
from redrabbit.services.errors import LostHistory
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.web.api.ledger import entry_proof
from tests.store.sample_database import Sample, played
from tests.stored import RECORDING, SteppingClock, happened

Told = Callable[..., tuple[int, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    def run(*asked: object) -> tuple[int, str]:
        code = main([*map(str, asked)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@dataclass(frozen=True)
class Changed:
    """The plant of the samples, whose key was changed in its story and once more by the command."""

    plant: Sample
    said: str
    keys: tuple[Path, ...]
    """The public keys, the first one first."""
    kept: tuple[Path, ...]
    """Checkpoints: from before the last change, and from after it."""
    index: int


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    folder = tmp_path_factory.mktemp("changed")
    plant = played(folder)
    first = next(path for path in folder.glob("plant.db.*.pub"))
    before = folder / "before.txt"
    before.write_text(_head(plant), encoding="utf-8")
    said = _run(folder, "change-key", "--database", plant.url, "--key", plant.key, "--by", "Li Wei")
    after = folder / "after.txt"
    after.write_text(_head(plant), encoding="utf-8")
    second = next(path for path in folder.glob("plant.db.*.pub") if path != first)
    index = int(before.read_text(encoding="utf-8").splitlines()[1])
    return Changed(plant, said, (first, second, plant.public_key), (before, after), index)


def _run(folder: Path, *asked: object) -> str:
    with (folder / "said").open("w", encoding="utf-8") as out, redirect_stdout(out):
        assert main([*map(str, asked)]) == 0
    return (folder / "said").read_text(encoding="utf-8")


def _head(plant: Sample) -> str:
    with open_for_reading(plant.url) as database:
        return database.read_now(lambda reader: reader.head()).checkpoint


def test_it_says_where_the_keys_lie_and_what_to_do_with_the_old_one(changed: Changed) -> None:
    said = changed.said
    assert f"recorded by Li Wei: the key was changed at entry {changed.index}" in said
    old, new = load_public_key(changed.keys[1]), load_public_key(changed.keys[2])
    assert f"{changed.plant.public_key}: {new.text}" in said
    assert f"{changed.keys[1]}: {old.text}" in said
    assert str(changed.keys[1].with_suffix(".key")) in said
    assert load_key_file(changed.keys[1].with_suffix(".key")).verifier == old
    assert "destroy it everywhere" in said


@pytest.mark.parametrize("key", [0, 1, 2])
def test_each_key_verifies_database_file_and_proof_in_words(
    changed: Changed, key: int, told: Told, tmp_path: Path
) -> None:
    plant, public = changed.plant, changed.keys[key]
    by = f"the key was changed at entry {changed.index} on .* by Li Wei, .*the chain is proved"
    code, said = told("verify", "--database", plant.url, "--public-key", public)
    assert code == 0, said
    assert said.startswith("unaltered")
    assert re.search(by, said)
    losses = [line for line in said.splitlines() if " was lost, " in line]
    assert re.search("accepted by (?!name:|somebody)", "".join(losses))
    assert f"trusted: the key {public}: {load_public_key(public).text}" in said
    for number, kept in enumerate(changed.kept):
        file = tmp_path / f"{number}.export"
        code, said = told(
            *("export", "--database", plant.url, "--key", plant.key, "--checkpoint", kept),
            *("--from", "2026-03-01", "--to", "2026-03-02", "-o", file),
        )
        assert code == 0, said
        code, said = told("verify", file, "--public-key", public, "--checkpoint", kept)
        assert code == 0, said
        assert said.startswith("unaltered")
        assert re.search(by, said)
        told_there = {line for line in said.splitlines() if " was lost, " in line}
        assert told_there == set(losses), "a file names people as a database does"
        code, said = told(
            "verify", "--database", plant.url, "--public-key", public, "--checkpoint", kept
        )
        assert (code, said.startswith("unaltered")) == (0, True)
    with open_for_reading(plant.url) as database:
        found = database.read_now(lambda reader: entry_proof(reader, 89))
    proof = tmp_path / "proof.json"
    proof.write_text(found.model_dump_json(), encoding="utf-8")
    code, said = told("verify", "--proof", proof, "--public-key", public)
    assert code == 0, said
    assert said.startswith("unaltered: entry 89")
    assert f"the key was changed at entry {changed.index}" in said


@pytest.mark.parametrize("whose", ["name", "'Li Wei'"])
def test_names_that_are_no_text_are_findings_and_hide_no_other(
    changed: Changed, told: Told, tmp_path: Path, whose: str
) -> None:
    """D13: whatever somebody left in a table, verification comes to its end."""
    path = tmp_path / "plant.db"
    with (
        closing(sqlite3.connect(changed.plant.url.removeprefix("sqlite:///"))) as there,
        closing(sqlite3.connect(path)) as altered,
    ):
        there.backup(altered)
        which = altered.execute(f"SELECT id FROM stated_names WHERE name = {whose}").fetchall()
        no_text = "CAST(CAST(name AS BLOB) || x'ff' AS TEXT)"
        altered.execute(f"UPDATE stated_names SET name = {no_text} WHERE name = {whose}")
        altered.commit()
    assert which
    code, said = told(
        *("verify", "--database", f"sqlite:///{path}", "--public-key", changed.plant.public_key)
    )
    assert code == 1, said
    assert all(f"stated_names[{name}]: " in said for (name,) in which)
    assert f"{len(which)} found" in said


def test_a_checkpoint_alone_is_enough_of_whatever_time(changed: Changed, told: Told) -> None:
    for kept in changed.kept:
        code, said = told("verify", "--database", changed.plant.url, "--checkpoint", kept)
        assert (code, said.startswith("unaltered")) == (0, True)


def test_what_was_made_before_the_change_is_not_called_altered_by_a_later_key(
    changed: Changed, tmp_path: Path, told: Told
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(changed.plant.key.parent, folder)
    url, public = f"sqlite:///{folder / 'plant.db'}", folder / changed.plant.public_key.name
    file, proof, later = tmp_path / "old.rr", tmp_path / "old.json", tmp_path / "later.txt"
    signed_by = tmp_path / "then.pub"
    shutil.copyfile(public, signed_by)
    period = ("--from", "2026-03-01", "--to", "2026-03-02")
    database_and_key = ("--database", url, "--key", folder / changed.plant.key.name)
    code, said = told("export", *database_and_key, *period, "-o", file)
    assert code == 0, said
    with open_for_reading(url) as database:
        found = database.read_now(lambda reader: entry_proof(reader, 1))
        then = database.read_now(lambda reader: reader.head()).checkpoint
    proof.write_text(found.model_dump_json(exclude_defaults=True), encoding="utf-8")
    kept = tmp_path / "then.txt"
    kept.write_text(then, encoding="utf-8")
    assert told("change-key", *database_and_key, "--by", "Li Wei")[0] == 0
    with open_for_reading(url) as database:
        newest = database.read_now(lambda reader: reader.head()).checkpoint
    later.write_text(newest, encoding="utf-8")
    key_id = load_public_key(signed_by).key_id.hex()
    for what in ([file], ["--proof", proof]):
        for beside in ([], ["--checkpoint", kept], ["--checkpoint", later]):
            code, said = told("verify", *what, "--public-key", public, *beside)
            assert code == 3, said
            assert "unaltered" not in said
            assert f"signed by another key under this ledger's name ({key_id})" in said
            assert "verify with the .pub of that time, or export again" in said
        code, said = told("verify", *what, "--public-key", signed_by, "--checkpoint", later)
        assert code == 3, said
        assert "does not prove that the longer one goes on from the shorter" in said
    signed = found.model_dump_json(exclude_defaults=True)
    proof.write_text(signed.replace('"root":"', '"root":"00'), encoding="utf-8")
    assert told("verify", "--proof", proof, "--public-key", public)[0] == 1
    file.write_text(
        file.read_text(encoding="utf-8").replace("clock_stepped", "clock_stopped", 1),
        encoding="utf-8",
    )
    assert told("verify", file, "--public-key", public)[0] == 1


def test_a_key_of_another_ledger_says_altered(changed: Changed, told: Told, tmp_path: Path) -> None:
    plant, foreign, file = changed.plant, tmp_path / "foreign.pub", tmp_path / "out"
    write_public_key(foreign, new_signer("Elsewhere/0123456789abcdef").verifier)
    proof = tmp_path / "proof.json"
    with open_for_reading(plant.url) as database:
        found = database.read_now(lambda reader: entry_proof(reader, 1))
    proof.write_text(found.model_dump_json(exclude_defaults=True), encoding="utf-8")
    period = ("--from", "2026-03-01", "--to", "2026-03-02")
    assert told("export", "--database", plant.url, "--key", plant.key, *period, "-o", file)[0] == 0
    for what in ([file], ["--proof", proof]):
        code, said = told("verify", *what, "--public-key", foreign)
        assert code == 1, said


def test_a_foreign_key_is_not_accepted(changed: Changed, told: Told, tmp_path: Path) -> None:
    plant, foreign, file = changed.plant, tmp_path / "foreign.pub", tmp_path / "out"
    write_public_key(foreign, new_signer(load_public_key(plant.public_key).name).verifier)
    period = ("--from", "2026-03-01", "--to", "2026-03-02")
    assert told("export", "--database", plant.url, "--key", plant.key, *period, "-o", file)[0] == 0
    for what, expected in ((["--database", plant.url], 1), ([file], 3)):
        code, said = told("verify", *what, "--public-key", foreign)
        assert code == expected, said
        assert "unaltered" not in said


def test_a_proof_without_changes_has_the_form_that_it_always_had(
    changed: Changed, tmp_path: Path
) -> None:
    """An earlier version reads it."""
    del changed
    path = tmp_path / "plant.db"
    _append(path, 2)
    with open_for_reading(f"sqlite:///{path}") as database:
        found = database.read_now(lambda reader: entry_proof(reader, 1))
    assert "key_changes" not in json.loads(found.model_dump_json(exclude_defaults=True))


def test_an_export_finds_the_key_that_signs_now_where_the_change_was_broken_off(
    changed: Changed, told: Told, tmp_path: Path
) -> None:
    """The ledger names the new key, and the old one lies in its place still: as after a kill."""
    folder = tmp_path / "copy"
    shutil.copytree(changed.plant.key.parent, folder)
    key = folder / changed.plant.key.name
    new = load_key_file(key).verifier
    key.rename(key.with_suffix(f".{new.key_id.hex()}.key"))
    shutil.copyfile(folder / changed.keys[1].with_suffix(".key").name, key)
    key.chmod(0o600)
    url = f"sqlite:///{folder / 'plant.db'}"
    period = ("--from", "2026-03-01", "--to", "2026-03-02")
    code, said = told("export", "--database", url, *period, "-o", tmp_path / "out")
    assert code == 0, said
    assert f"key: {new.text}" in said
    assert told("verify", tmp_path / "out", "--public-key", changed.keys[0])[0] == 0


def _append(path: Path, entries: int) -> None:
    with open_database(
        f"sqlite:///{path}", plant="P", clock=SteppingClock(), recording=RECORDING
    ) as database:
        for _ in range(entries):
            database.write_now(lambda work: work.append(happened("clock_stepped", step_s=1.0)))


def test_a_backup_from_before_goes_on_once_its_loss_is_accepted_with_the_lost_key(
    tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "plant.db"
    url = f"sqlite:///{path}"
    _append(path, 3)
    for ending in ("", ".key"):
        shutil.copyfile(f"{path}{ending}", tmp_path / f"backup{ending}")
    assert told("change-key", "--database", url, "--by", "Li Wei")[0] == 0
    _append(path, 2)
    head, new = tmp_path / "plant.db.head", tmp_path / "new.pub"
    shutil.copyfile(tmp_path / "plant.db.pub", new)
    beside = tmp_path / f"plant.db.{load_public_key(new).key_id.hex()}.pub"
    for left in ("-wal", "-shm"):
        Path(f"{path}{left}").unlink(missing_ok=True)
    for ending in ("", ".key"):
        shutil.copyfile(tmp_path / f"backup{ending}", f"{path}{ending}")
    with pytest.raises(LostHistory, match="--public-key FILE"):
        _append(path, 1)
    asked = ("accept-loss", "--database", url, "--checkpoint", head, "--by", "Li Wei")
    code, said = told(*asked)
    assert code != 0
    assert "name that key with --public-key" in said
    foreign = tmp_path / "foreign.pub"
    write_public_key(foreign, new_signer(load_public_key(new).name).verifier)
    assert told(*asked, "--public-key", foreign)[0] != 0
    assert load_public_key(beside) == load_public_key(new)  # the old one is in place again
    code, said = told(*asked, "--public-key", new)
    assert code == 0, said
    assert "the ledger lost at least 3 entries: it had 6, and goes on with 3" in said
    _append(path, 1)
    assert told("change-key", "--database", url, "--by", "Li Wei")[0] == 0
    code, said = told("verify", "--database", url, "--public-key", tmp_path / "plant.db.pub")
    assert (code, said.startswith("unaltered")) == (0, True)
    assert told("verify", "--database", url, "--public-key", new)[0] == 1


@pytest.mark.parametrize("by", ["", " ", "\x07"])
def test_somebody_must_have_it_changed(tmp_path: Path, told: Told, by: str) -> None:
    path = tmp_path / "plant.db"
    _append(path, 1)
    code, _ = told("change-key", "--database", f"sqlite:///{path}", "--by", by)
    assert code != 0
    assert not list(tmp_path.glob("plant.db.*.key"))


def test_nothing_is_made_where_no_database_is(tmp_path: Path, told: Told) -> None:
    code, said = told(
        "change-key", "--database", f"sqlite:///{tmp_path / 'none.db'}", "--by", "Li Wei"
    )
    assert code != 0
    assert "none.db" in said
    assert list(tmp_path.iterdir()) == []
