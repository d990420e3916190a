"""Reading a stranger's database or file writes nothing, runs nothing, can't talk to the terminal (D24)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from redrabbit.base.signing import new_signer
from redrabbit.cli import main
from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.ledger import LogState
from redrabbit.domain.record_proof import Period
from redrabbit.exports.record_file import export_records, write_export
from redrabbit.services.ports import LedgerHead, Reader

T0 = datetime(2026, 11, 22, tzinfo=UTC)
HIDES_THE_REST = "Evil\x1b[1A\x1b[2K\x1b[8m"
FORGES_A_LINE = "Plant\nchecked with the key given: \u202eX"


class EmptyLedger:
    """As much of a reader as the export of an empty log asks for."""

    def __init__(self, checkpoint: str) -> None:
        self._checkpoint = checkpoint

    def entries(self, first: int = 0, limit: int | None = None) -> tuple[()]:
        del first, limit
        return ()

    def leaf_hashes(self) -> tuple[()]:
        return ()

    def head(self) -> LedgerHead:
        return LedgerHead(size=0, root="", checkpoint=self._checkpoint)


def exported(folder: Path, plant: str) -> Path:
    signer = new_signer("Evil-\u202e\x9b8m/5f0c1e9b7a3d2468")
    content = export_records(
        cast("Reader", EmptyLedger(sign_checkpoint(LogState(), signer))),
        signer,
        plant=plant,
        period=Period(begins_at=T0, ends_at=T0 + timedelta(days=1)),
        line=None,
        made_at=T0,
    )
    path = folder / "evil.rr"
    write_export(path, content)
    return path


@pytest.mark.parametrize("plant", [HIDES_THE_REST, FORGES_A_LINE])
def test_an_exported_file_can_not_talk_to_the_terminal(
    plant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(exported(tmp_path, plant))]) == 0
    told = capsys.readouterr().out
    assert all(each.isprintable() for each in told.replace("\n", ""))
    assert [line for line in told.splitlines() if line.startswith("checked with")] == [
        told.splitlines()[-1]
    ]


def test_a_finding_can_not_forge_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(tmp_path, FORGES_A_LINE)
    path.write_bytes(path.read_bytes().replace(b"redrabbit records 1", b"\x1b[8m unaltered", 1))
    assert main(["verify", str(path)]) == 1
    told = capsys.readouterr().out
    assert all(each.isprintable() for each in told.replace("\n", ""))
