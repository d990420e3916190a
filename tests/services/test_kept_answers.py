"""What was answered under a key is answered again, also by a newer version (D65)."""

import json
from dataclasses import replace

import pytest

from redrabbit.domain.records import CheckRecord
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.kept_answers import answer_again, answer_with
from redrabbit.services.ports import KeptAct
from tests.plants import BEGIN, LINE, Bench


def kept(answer: str) -> KeptAct:
    return KeptAct(
        key="k-1",
        stream=LINE,
        kind="excuse",
        payload="{}",
        actor="li",
        done_at=BEGIN,
        answer=answer,
    )


def without(answer: str, name: str) -> str:
    told = json.loads(answer)
    del told["record"][name]
    return json.dumps(told)


def test_the_record_of_then_is_answered_and_of_a_version_with_other_fields_that_of_now() -> None:
    bench = Bench()
    now = bench.database.read_now(lambda reader: reader.get(CheckRecord, LINE, "op20-torque"))
    assert now is not None
    then = replace(now, runs_without_verdict=2)
    answer = answer_with(then)

    def again(told: str) -> object:
        return bench.database.read_now(lambda reader: answer_again(kept(told), reader))

    assert again(answer) == then
    assert again(without(answer, "special_characteristic")) == now
    for broken in ("nonsense", without(answer, "line"), without(answer, "check_id")):
        with pytest.raises(DamagedDatabase, match=r"acts\[k-1\]"):
            again(broken)
