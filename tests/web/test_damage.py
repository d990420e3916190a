"""What is kept and is not what was written: said in words, never answered from, never a bug (D13)."""

import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.findings import Finding
from redrabbit.domain.identity import RunId
from redrabbit.domain.records import RunRecord
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.verifying import VerificationState, say_damaged
from redrabbit.web.api.signals import signals_of
from tests.showcase_story import BEGIN, MISSED_RUN
from tests.stored import sample
from tests.web.conftest import Visitor, serve

BY = {"operator": "badge 2207"}
SIGNALS = f"/api/v1/runs/{MISSED_RUN}/signals"


def kept(visitor: Visitor) -> Any:
    """Return everything that is kept, to change it behind the program's back."""
    return visitor.plant._kept._kept


def assert_damage(visitor: Visitor, method: str, path: str, **asked: Any) -> None:
    for language, words in (("en", "is not what was written"), ("zh", "不一致")):
        headers = asked.pop("headers", {}) | {"accept-language": language}
        answer = visitor.client.request(method, path, headers=headers, **asked)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "records_damaged"), problem
        assert words in problem["detail"]
        assert "retry-after" not in answer.headers  # asking again doesn't help
        asked["headers"] = headers


CONTENTS = [
    b"x",
    b"",
    zlib.compress(b"[]"),
    zlib.compress(b"nojson"),
    zlib.compress(b'{"began_at":"x"}'),
    zlib.compress(b"[" * 100_000),
    zlib.compress(b" " * (17 * 2**20)),
    zlib.compress(b"\xff\xfe"),
    zlib.compress(b'{"began_at":"2026-11-26T00:00:00Z","dropped":0,"signals":{"a":[[1]]}}'),
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content[:12].hex() or "none")
def test_signals_that_are_none_are_damage(visitor: Visitor, content: bytes) -> None:
    run = visitor.plant.ask(lambda reader: reader.get(RunRecord, MISSED_RUN))
    assert run is not None
    kept(visitor).blobs[run.signals] = content
    assert_damage(visitor, "GET", SIGNALS)


class OneRun:
    """A reader of one run, whose signals are these bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def get(self, _kind: type[Any], *_key: str) -> RunRecord:
        run: RunRecord = sample(RunRecord)
        return replace(run, signals="0" * 64)

    def blob(self, _digest: str) -> bytes:
        return self._content


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["began_at", "dropped", "signals", "a"]), inner)
    ),
    max_leaves=8,
)


@given(st.one_of(st.binary(), st.binary().map(zlib.compress),
    JSON.map(lambda found: zlib.compress(json.dumps(found).encode()))))  # fmt: skip
def test_whatever_stands_for_signals_is_read_or_is_damage(content: bytes) -> None:
    found = None
    with suppress(DamagedDatabase):
        found = signals_of(OneRun(content), RunId("line1-R-1"))  # type: ignore[arg-type]  # all that is asked of a reader here
    assert found is None or json.loads(zlib.decompress(content)).keys() >= {"began_at", "signals"}


@pytest.mark.parametrize("answer", ["x", "{}", '{"table":"runs","record":{}}'])
def test_an_act_is_not_answered_from_what_can_not_be_read(visitor: Visitor, answer: str) -> None:
    asked: dict[str, Any] = {
        "json": BY | {"reason": "dropped"},
        "headers": {"idempotency-key": "k-q"},
    }
    path = "/api/v1/challenge-parts/RR-0001/quarantine"
    assert visitor.client.post(path, **asked).status_code == 200
    size = visitor.plant.ask(lambda reader: reader.head().size)
    altered = kept(visitor).acts
    altered["k-q"] = replace(altered["k-q"], answer=answer)
    assert_damage(visitor, "POST", path, **asked)
    assert visitor.plant.ask(lambda reader: reader.head().size) == size


@pytest.fixture
def damaged() -> Iterator[Visitor]:
    """A browser at a plant whose records somebody changed, as the verification beside it found."""
    found = Finding(code="rows_changed", place="runs", params={"block": 3})
    state = VerificationState(
        verified_at=BEGIN, verified_size=12, whole_since=BEGIN, whole_at=BEGIN, findings=(found,)
    )
    visitor = serve(verification=lambda: state)
    visitor.let(visitor.plant._kept.write(say_damaged))
    with visitor.client:
        yield visitor


def test_known_damage_is_told_and_nothing_leaves_that_would_vouch_for_it(damaged: Visitor) -> None:
    """D62."""
    for path in ("/api/v1/ledger/checkpoint", "/api/v1/ledger/entries/0/proof"):
        answer = damaged.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "records_damaged")
    told = damaged.client.get("/api/v1/ledger/verification").json()
    (found,) = told["findings"]
    assert found.startswith("runs: block 3 of its rows is not what was signed")
    assert damaged.client.get("/ready").json()["verification"] == told
    figures = damaged.text("/metrics")
    assert "redrabbit_verification_findings 1.0" in figures
    assert "redrabbit_verified_entries 12.0" in figures
    assert "redrabbit_verification_age_seconds" in figures
    assert "the records are not as they were written" in damaged.text("/")
    assert "记录与写入时不一致" in damaged.text("/", "zh")


def test_a_plant_without_known_damage_says_nothing_of_it(onlooker: Visitor) -> None:
    told = onlooker.client.get("/api/v1/ledger/verification").json()
    assert (told["findings"], told["verified_at"], told["verified_size"]) == ([], None, 0)
    assert onlooker.client.get("/api/v1/ledger/checkpoint").status_code == 200
    assert "not as they were written" not in onlooker.text("/")


def test_after_a_restart_an_alarm_that_stands_is_enough() -> None:
    visitor = serve()
    visitor.let(visitor.plant._kept.write(say_damaged))
    with visitor.client:
        for path in ("/api/v1/ledger/checkpoint", "/api/v1/ledger/entries/0/proof"):
            answer = visitor.client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "records_damaged")
