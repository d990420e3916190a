"""What a newer version wrote is told as that, never as damage; and damage is still found beside it."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.database_verification import DatabaseVerification, verify_rows
from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.findings import in_english
from redrabbit.domain.ledger import SCHEMA, LogState, StoredEntry, canonical, read_entry
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.newer import WrittenByNewer
from tests.fakes import ToyKey

RAWS = (
    (Path(__file__).parent / "samples" / "ledger_schema_1_every_type.jsonl")
    .read_bytes()
    .splitlines()[:40]
)
KEY = ToyKey()

Row = dict[str, Any]

NEW_TYPE = {"type": "bypass_approved", "software": "0.2.0", "payload": {"x": 1}}
NEW_SCHEMA = {"schema": SCHEMA + 1, "payload": "9f" * 32, "answer": 42}
NEWER = st.one_of(
    st.text(min_size=1).filter(lambda name: name not in BY_TYPE).map(lambda name: {"type": name}),
    st.builds(
        lambda schema, more: {"schema": schema, **more},
        st.integers(SCHEMA + 1, 10**6),
        st.dictionaries(
            st.sampled_from(["actor", "payload", "salt", "ü"]), st.none() | st.text(), max_size=3
        ),
    ),
)


def rows_with(newer: Mapping[int, Mapping[str, object]]) -> tuple[list[Row], LogState]:
    """Return the sample's rows, chained again, some entries rewritten as a newer version would."""
    log, rows = LogState(), []
    for index, raw in enumerate(RAWS):
        fields = json.loads(raw) | newer.get(index, {})
        head = log.heads.get(fields["stream"])
        fields["previous"] = head.leaf.hex() if head else ""
        row = {name: fields[name] for name in ("type", "schema", "stream", "stream_seq")}
        row |= {
            name: datetime.fromisoformat(fields[name]) for name in ("occurred_at", "recorded_at")
        }
        content = canonical(fields)
        leaf = leaf_hash(content)
        row |= {"index": index, "raw": content, "leaf_hash": leaf, "previous": fields["previous"]}
        rows.append(row)
        log = log.with_leaf(fields["stream"], leaf)
    return rows, log


def audited(rows: list[Row], log: LogState) -> DatabaseVerification:
    note = sign_checkpoint(log, KEY)
    head = {"id": 1, "size": log.size, "root": log.root.hex(), "checkpoint": note}
    return verify_rows(rows, [head], {}, verifier=KEY, fold=fold)


def test_an_entry_of_an_unknown_type_is_told_as_a_newer_versions() -> None:
    told = audited(*rows_with({30: NEW_TYPE}))
    assert [in_english(finding) for finding in told.findings] == [
        "ledger[30]: written by a newer version of Red Rabbit (entry type bypass_approved, by version 0.2.0)"
    ]
    assert told.damage == ()
    assert not told.sound


def test_an_entry_of_a_higher_schema_is_told_as_a_newer_versions() -> None:
    told = audited(*rows_with({30: NEW_SCHEMA}))
    assert [in_english(finding) for finding in told.findings] == [
        f"ledger[30]: written by a newer version of Red Rabbit (schema {SCHEMA + 1}; this version reads up to {SCHEMA})"
    ]


@pytest.mark.parametrize("fields", [NEW_TYPE, NEW_SCHEMA], ids=["type", "schema"])
def test_who_reads_or_folds_it_hears_the_same(fields: Mapping[str, object]) -> None:
    rows, _ = rows_with({30: fields})
    with pytest.raises(WrittenByNewer, match="newer version of Red Rabbit"):
        fold(read_entry(StoredEntry(rows[30]["raw"], None, None), 30), lambda *_: None)


@given(st.dictionaries(st.integers(0, len(RAWS) - 1), NEWER, min_size=1, max_size=5))
def test_whatever_a_newer_version_wrote_and_wherever_is_no_damage(
    newer: dict[int, dict[str, object]],
) -> None:
    rows, log = rows_with(newer)
    told = audited(rows, log)
    assert [(found.place, found.code) for found in told.findings] == [
        (f"ledger[{min(newer)}]", "written_by_newer")
    ]
    assert (told.size, told.root) == (log.size, log.root.hex())


@given(
    st.dictionaries(st.integers(0, len(RAWS) - 1), NEWER, min_size=1, max_size=3),
    st.integers(0, len(RAWS) - 1),
    st.data(),
)
def test_damage_is_found_beside_and_in_what_a_newer_version_wrote(
    newer: dict[int, dict[str, object]], place: int, data: st.DataObject
) -> None:
    rows, log = rows_with(newer)
    kind = data.draw(st.sampled_from(["raw", "rehashed", "leaf_hash", "removed", "column"]))
    row = rows[place]
    if kind == "removed":
        del rows[place]
    elif kind == "column":
        name = data.draw(st.sampled_from(["stream", "stream_seq", "previous"]))
        row[name] = data.draw(st.none() | st.just(b"x") | st.just("x") | st.just(10**6))
    elif kind == "leaf_hash":
        row["leaf_hash"] = leaf_hash(b"other")
    else:
        row["raw"] = row["raw"].replace(b'"software":"', b'"software":"9')
        if kind == "rehashed":
            row["leaf_hash"] = leaf_hash(row["raw"])
    assert audited(rows, log).damage, kind


@given(
    st.integers(max_value=SCHEMA - 1).filter(lambda schema: schema != 1)
    | st.booleans()
    | st.none()
    | st.text()
    | st.floats(allow_nan=False)
    | st.lists(st.just(SCHEMA))
    | st.just({})
)
def test_any_other_schema_is_still_damage(schema: object) -> None:
    told = audited(*rows_with({30: {"schema": schema}}))
    assert [found.code for found in told.findings] == ["entry_unreadable"]
