"""Reading a stranger's database or file writes nothing, runs nothing, can't talk to the terminal (D24)."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import cast

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.base.signing import new_signer
from redrabbit.cli import main
from redrabbit.config.plant import read_configuration
from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.export_format import FORMAT, Period
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import LogState
from redrabbit.exports.export_file import Asked, export_records, write_export
from redrabbit.services.adopting import adopt
from redrabbit.services.ports import LedgerHead, Reader
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording

BASE = Path(__file__).parent / "config" / "base"
T0 = datetime(2026, 11, 22, tzinfo=UTC)
HIDES_THE_REST = "Evil\x1b[1A\x1b[2K\x1b[8m"
FORGES_A_LINE = "Plant\ntrusted: the key given: \u202eX"


class EmptyLedger:
    """As much of a reader as the export of an empty log asks for."""

    def __init__(self, checkpoint: str) -> None:
        self._checkpoint = checkpoint

    def streams(self) -> tuple[()]:
        return ()

    def entries_of(
        self,
        *types: str,
        first: int = 0,
        before: int | None = None,
        descending: bool = False,
        limit: int = 0,
    ) -> tuple[()]:
        del types, first, before, descending, limit
        return ()

    def tree_node(self, level: int, position: int) -> bytes:
        raise AssertionError(f"an empty tree has no node {level}, {position}")

    def names(self) -> dict[str, StatedName]:
        return {}

    def head(self) -> LedgerHead:
        return LedgerHead(size=0, root=LogState().root.hex(), checkpoint=self._checkpoint)


def exported(folder: Path, plant: str) -> Path:
    signer = new_signer("Evil-\u202e\x9b8m/5f0c1e9b7a3d2468")
    asked = Asked(
        plant=plant,
        period=Period(begins_at=T0, ends_at=T0 + timedelta(days=1)),
        line=None,
        made_at=T0,
    )
    empty = cast("Reader", EmptyLedger(sign_checkpoint(LogState(), signer)))
    path = folder / "evil.rr"
    write_export(path, export_records(empty, signer, asked), signer.verifier.text)
    return path


@pytest.mark.parametrize("plant", [HIDES_THE_REST, FORGES_A_LINE])
def test_an_exported_file_can_not_talk_to_the_terminal(
    plant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(exported(tmp_path, plant))]) == 0
    told = capsys.readouterr().out
    assert all(each.isprintable() for each in told.replace("\n", ""))
    assert not [line for line in told.splitlines() if line.startswith("trusted")]
    assert told.splitlines()[-1].startswith("that key stands in the file: compare it")


def test_a_finding_can_not_forge_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(tmp_path, FORGES_A_LINE)
    path.write_bytes(path.read_bytes().replace(FORMAT.encode(), b"\x1b[8m unaltered", 1))
    assert main(["verify", str(path)]) == 1
    told = capsys.readouterr().out
    assert all(each.isprintable() for each in told.replace("\n", ""))


def adopted(config: Path, database: Path) -> str:
    """Make a database that has adopted the configuration, and return its address."""
    plant, files = read_configuration(config)
    url = sqlite_url(database)
    opened = open_database(
        url,
        plant=plant.name,
        clock=SteadyClock(),
        recording=Recording(fold=fold, software="test", targets=()),
    )
    try:
        assert asyncio.run(opened.write(lambda uow: adopt(uow, plant, files, "test")))
    finally:
        opened.close()
    return url


def alter(database: Path, change: Callable[[dict[str, str]], object]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        (kept,) = connection.execute("select content from configurations").fetchone()
        texts = json.loads(kept)
        change(texts)
        connection.execute("update configurations set content = ?", (json.dumps(texts),))


def exporting(url: str, folder: Path) -> list[str]:
    period = ["--from", "2020-01-01", "--to", "2030-01-01"]
    return ["export", "--database", url, *period, "-o", str(folder / "out.rr")]


def everything_in(folder: Path) -> dict[Path, bytes]:
    """Return the files' bytes, but for what SQLite keeps beside a database that is being read."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


ALTERATIONS: dict[str, Callable[[dict[str, str]], object]] = {
    "a name that climbs": lambda texts: texts.update({"../escaped.yaml": "a: b\n"}),
    "an absolute name": lambda texts: texts.update({"/tmp/escaped.yaml": "a: b\n"}),
    "another schedule": lambda texts: texts.update(
        {"control_plan.yaml": texts["control_plan.yaml"].replace("shift", "30 d")}
    ),
    "a mask": lambda texts: texts.update({"plant.yaml": "# (removed)\n" + texts["plant.yaml"]}),
    "nothing left": dict.clear,
}


@pytest.mark.parametrize("change", ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_altered_configuration_in_a_database_is_told_and_nothing_is_written(
    change: Callable[[dict[str, str]], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "db" / "evil.sqlite3"
    database.parent.mkdir()
    url = adopted(BASE, database)
    alter(database, change)
    before = everything_in(tmp_path)
    assert main(["overdue", "--database", url]) == 1
    assert "not those that were adopted" in capsys.readouterr().err
    assert main(exporting(url, tmp_path)) == 1
    assert "not those that were adopted" in capsys.readouterr().err
    assert everything_in(tmp_path) == before


def test_a_secret_in_a_comment_is_not_in_the_database_and_obligations_still_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = copytree(BASE, tmp_path / "plant")
    with (config / "plant.yaml").open("a", encoding="utf-8") as file:
        file.write("# broker password: S3cretPw\n")
    database = tmp_path / "plant.sqlite3"
    url = adopted(config, database)
    assert not any(
        b"S3cretPw" in each
        for path, each in everything_in(tmp_path).items()
        if path.parent == tmp_path
    )
    assert main(["overdue", "--database", url]) == 0
    assert "nothing is overdue" in capsys.readouterr().out
    assert main(exporting(url, tmp_path)) == 0
    assert b"S3cretPw" not in (tmp_path / "out.rr").read_bytes()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE ledger SET salt = NULL, payload = NULL", "ledger[0]: the payload is gone"),
        ("UPDATE ledger SET payload = x'ff'", "ledger entry 0: the payload is not the one"),
        ("UPDATE ledger SET stream = 'line9' WHERE \"index\" = 0", "ledger entry 0: column stream"),
        ("UPDATE ledger SET leaf_hash = x'00' WHERE \"index\" = 0", "ledger entry 0: its nodes"),
        ('DELETE FROM ledger WHERE "index" = 0', "ledger entry 0: it is not there"),
        ("UPDATE ledger_head SET root = '00'", "ledger_head: column root"),
    ],
)
def test_an_export_of_altered_records_is_refused_in_words(
    sql: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is signed over what somebody changed, and what to do is said."""
    database = tmp_path / "plant.sqlite3"
    url = adopted(BASE, database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(sql)
    assert main(exporting(url, tmp_path)) == 1
    said = capsys.readouterr().err
    assert told in said
    assert "`redrabbit verify --database` tells all of it" in said
    assert "(found=" not in said
    assert not (tmp_path / "out.rr").exists()


def test_a_line_without_records_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = adopted(BASE, tmp_path / "plant.sqlite3")
    assert main([*exporting(url, tmp_path), "--line", "line77"]) == 1
    assert "There are no records of line line77." in capsys.readouterr().err
