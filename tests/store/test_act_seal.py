"""A kept act is answered from only as it was written: whatever else stands there is found (D65)."""

import sqlite3
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.signing import new_signer
from redrabbit.cli import main
from redrabbit.domain.ledger import LogState
from redrabbit.services.errors import DamagedDatabase, KeyMissing
from redrabbit.services.ports import KeptAct
from redrabbit.store.act_seal import seal_fits, seal_of
from redrabbit.store.log_key import LogKey
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, START, SteppingClock

SIGNER = new_signer("plant-1/00")
ACT = KeptAct(
    key="k-q",
    stream="plant",
    kind="quarantine_part",
    payload='{"part_id":"RR-0002","reason":"dropped"}',
    actor="name:anna",
    done_at=START,
    answer='{"record":{"part_id":"RR-0002","state":"quarantined"},"table":"challenge_parts"}',
)
NAMES = [field.name for field in fields(KeptAct)]
VALUES = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.integers(),
    st.datetimes(timezones=st.just(START.tzinfo)),
    st.datetimes(),
)


def sealed(act: KeptAct) -> dict[str, Any]:
    return asdict(act) | {"seal": seal_of(asdict(act), SIGNER)}


@given(st.sampled_from(NAMES), VALUES)
def test_a_seal_fits_no_row_but_its_own(name: str, value: object) -> None:
    row = sealed(ACT)
    assert seal_fits(row, SIGNER.verifier)
    assert seal_fits(row | {name: value}, SIGNER.verifier) == (value == row[name])


@given(st.one_of(st.none(), st.text(), st.binary(max_size=70)))
def test_nothing_else_is_a_seal(seal: object) -> None:
    assert not seal_fits(sealed(ACT) | {"seal": seal}, SIGNER.verifier)


@given(st.text(), st.text())
def test_what_moves_from_one_field_into_the_next_is_found(kind: str, payload: str) -> None:
    row = sealed(replace(ACT, kind=kind, payload=payload))
    moved = row | {"kind": kind + payload, "payload": ""}
    assert seal_fits(moved, SIGNER.verifier) == (payload == "")


def test_another_key_seals_nothing_here() -> None:
    assert not seal_fits(sealed(ACT), new_signer(SIGNER.name).verifier)


def test_a_signed_checkpoint_is_no_seal() -> None:
    note = LogKey(SIGNER).seal(LogState())
    assert not note.startswith("Red Rabbit act")
    assert not SIGNER.verifier.verify(note.encode(), seal_of(asdict(ACT), SIGNER))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database in which two acts were done under keys of their own."""
    path = tmp_path / "plant.db"
    with opened(path) as database:
        for act in (ACT, replace(ACT, key="k-r", actor="name:li")):
            database.write_now(lambda work, act=act: work.keep_act(act))
    return path


def opened(path: Path) -> Any:
    return open_database(
        f"sqlite:///{path}", plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )


def vandalised(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()


def findings(path: Path) -> list[tuple[str, str]]:
    return [(each.code, each.place) for each in verify_database(f"sqlite:///{path}").findings]


CHANGES = [
    ("answer", "x"),
    ("answer", "{}"),
    ("answer", ACT.answer.replace("RR-0002", "RR-9999")),
    ("payload", ACT.payload.replace("RR-0002", "RR-9999")),
    ("stream", "line1"),
    ("kind", "release_part"),
    ("actor", "name:li"),
    ("done_at", 2**62),
    ("done_at", 1),
    ("seal", b""),
    ("seal", bytes(64)),
]


@pytest.mark.parametrize(("column", "value"), CHANGES, ids=lambda value: str(value)[:12])
def test_a_changed_act_is_never_answered_from_and_is_named(
    kept: Path, column: str, value: object
) -> None:
    vandalised(kept, f"UPDATE acts SET {column}=? WHERE key='k-q'", value)
    assert findings(kept) == [("act_differs", "acts[k-q]")]
    with opened(kept) as database:  # one row from which nothing is answered stops no plant
        for ask in (database.read_now, database.write_now):
            with pytest.raises(DamagedDatabase, match="acts"):
                ask(lambda reader: reader.act("k-q"))
            assert ask(lambda reader: reader.act("k-r")) is not None


def test_an_act_that_was_never_done_is_named(kept: Path) -> None:
    """A row copied under another key says that something was done which never was."""
    vandalised(kept, "INSERT INTO acts SELECT 'k-new', stream, kind, payload, actor, done_at,"
        " answer, seal FROM acts WHERE key='k-q'")  # fmt: skip
    vandalised(kept, "UPDATE acts SET key='k-other' WHERE key='k-r'")
    assert findings(kept) == [("act_differs", "acts[k-new]"), ("act_differs", "acts[k-other]")]


def test_the_command_names_an_altered_act(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--database", f"sqlite:///{kept}"]) == 0
    vandalised(kept, "UPDATE acts SET answer='x' WHERE key='k-q'")
    capsys.readouterr()
    assert main(["verify", "--database", f"sqlite:///{kept}"]) != 0
    assert "acts[k-q]" in "".join(capsys.readouterr())


def test_a_text_that_is_no_utf_8_is_named(kept: Path) -> None:
    vandalised(kept, "UPDATE acts SET answer=CAST(x'ff' AS TEXT) WHERE key='k-q'")
    assert findings(kept) == [("act_differs", "acts[k-q]")]
    with opened(kept) as database, pytest.raises(DamagedDatabase):
        database.read_now(lambda reader: reader.act("k-q"))


def test_a_row_taken_away_is_not_found(kept: Path) -> None:
    """Known and told in decision 7: no row says of another that it was there."""
    vandalised(kept, "DELETE FROM acts")
    assert findings(kept) == []


def test_who_only_looks_has_no_key_to_read_acts_with(kept: Path) -> None:
    with open_for_reading(f"sqlite:///{kept}") as database, pytest.raises(KeyMissing):
        database.read_now(lambda reader: reader.act("k-q"))


def test_instants_are_those_that_were_sealed(kept: Path) -> None:
    with opened(kept) as database:
        act = database.read_now(lambda reader: reader.act("k-q"))
    assert act == ACT
    assert isinstance(act.done_at, datetime)
