"""A question is made into SQL once; what it asks for is a value of it."""

from pathlib import Path

from redrabbit.domain.records import PauseRecord
from redrabbit.services.ports import Where, equals
from redrabbit.store import reading
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, SteppingClock, pause, put


def test_the_same_question_with_other_values_is_made_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    with open_database(url, plant="P", clock=SteppingClock(), recording=RECORDING) as database:
        for number in (1, 2, 3):
            database.write_now(lambda work, n=number: work.append(put(pause(n))))  # type: ignore[misc]  # because mypy can't infer a lambda with a default

        def asked(reader: reading.SqlReader) -> list[list[int]]:
            questions = [
                *[(equals("number", number),) for number in (1, 2, 3, 4)],
                *[(Where("number", "in", ids),) for ids in ((), (1,), (1, 3))],
                *[(Where("number", ">", number),) for number in (0, 2)],
            ]
            return [[each.number for each in reader.find(PauseRecord, *q)] for q in questions]

        reading._found.cache_clear()
        assert database.read_now(asked) == [[1], [2], [3], [], [], [1], [1, 3], [1, 2, 3], [3]]
    assert reading._found.cache_info().currsize == 3


def test_none_is_another_question_than_a_value(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    with open_database(url, plant="P", clock=SteppingClock(), recording=RECORDING) as database:
        database.write_now(lambda work: work.append(put(pause(1))))
        questions = [
            Where("ended_by", "=", None),
            Where("ended_by", "!=", None),
            Where("ended_by", "=", "Li Wei"),
            Where("ended_by", "!=", "Li Wei"),
        ]
        found = database.read_now(lambda r: [r.count(PauseRecord, each) for each in questions])
    has_ended = pause(1).ended_by is not None
    assert found[:2] == ([0, 1] if has_ended else [1, 0])
    assert found[2] + found[3] == 1
