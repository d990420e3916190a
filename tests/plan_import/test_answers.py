"""What is answered about a plan's form has effect, and a remembered answer has the same as one that is given by hand (decision 52)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.config.plant import read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.form_columns import SaidOf, nothing_said
from redrabbit.plan_import.grid import Book
from redrabbit.plan_import.mapping_file import read_mapping
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_text import plan_text
from tests.plan_import.test_workbooks import WORKBOOKS
from tests.showcase_story import BEGIN

REALISTIC = Path(__file__).parents[2] / "station_configs"
MADE: Final = """\
控制计划编号：,CP-9,,版本：,A,,日期：,03/04/2026,
过程编号,特性,特殊特性,频率,防错装置编号,挑战件,,其他,
20,Torque,◆,s/ plan,PY-17,Rabbit 1,Stop the line,x,
30,Camera,◆,每天一次,line1-op30-camera,"GM-0002, RR-0003",Call the leader,y,
"""
ANSWERS: Final[Mapping[str, Mapping[str, str]]] = {
    "02_zh.xlsx": {"symbol ◆": "CC", "symbol ★": "yes", "time of day": "06:30"},
    "04_gb18030.csv": {
        "wording 视情况": "每班一次",
        "symbol ◆": "SC",
        "time of day": "shift start",
    },
    "06_checklist_grid.xlsx": {"time of day": "首班开始"},
    "07_two_revisions_misspelt.xlsx": {
        "symbol ◊": "CC",
        "named in text line2-op10-nut-sensor RR-0007 GM-0004": "yes",
        "named in text line2-op50-eol RR-0010 GM-0006": "是",
    },
    "made.csv": {
        "symbol ◆": "CC",
        "wording s/ plan": "each shift",
        "device PY-17": "line1-op20-torque",
        "part Rabbit": "RR-0001",
        "part 1": "RR-0002",
        "time of day": "14:00",
        "dates": "day first",
        "column reaction": "G",
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made")
    (made / "made.csv").write_text(MADE, encoding="utf-8-sig")
    return made


@cache
def book(file: Path) -> Book:
    return open_book(file)


def file_of(folder: Path, name: str) -> Path:
    return folder / name if name == "made.csv" else WORKBOOKS / name


def read(file: Path, said_of: SaidOf = nothing_said) -> DryRun:
    return dry_run(file, said_of=said_of, read=book)


def asked(run: DryRun) -> set[str]:
    kinds = (Kind.ERROR, Kind.QUESTION)
    return {each.key for kind in kinds for each in run.findings.by_kind[kind] if each.key}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_question_with_a_name_is_answered_by_it(folder: Path, name: str) -> None:
    file, answers = file_of(folder, name), ANSWERS[name]
    assert asked(read(file)) | set(answers) == set(answers) | asked(read(file))
    done = read(file, lambda _: answers)
    assert asked(done) == set()
    assert {each.key for each in done.findings.answered.values()} == set(answers)


def test_answers_have_effect(folder: Path) -> None:
    done = read(folder / "made.csv", lambda _: ANSWERS["made.csv"])
    one, other = done.lines
    assert (one.device, one.parts, one.special) == (
        "line1-op20-torque",
        ("RR-0001", "RR-0002"),
        "CC",
    )
    assert [each.as_json() for each in one.frequency.triggers] == [{"on": "shift_start"}]
    assert [each.as_json() for each in other.frequency.triggers] == [{"on": "daily", "at": "14:00"}]
    assert (one.reaction, done.plan["date"]) == (("Stop the line",), "2026-04-03")
    assert one.frequency_text == "s/ plan"  # as the file says it


def test_what_is_no_answer_is_asked_again(folder: Path) -> None:
    wrong = {
        "symbol ◆": "no",
        "wording s/ plan": "now and then",
        "device PY-17": "yes",
        "time of day": "25:00",
        "dates": "as usual",
        "column reaction": "C",  # which is the special characteristic
    }
    run = read(folder / "made.csv", lambda _: wrong)
    compare(run, PLANT, BEGIN)  # beside a plant: else nobody knows its devices
    assert set(wrong) <= asked(run)
    assert run.findings.answered == {}


def test_a_form_is_known_by_its_header(folder: Path, tmp_path: Path) -> None:
    form = read(folder / "made.csv").form
    for text, is_same in (
        (
            MADE.replace("CP-9", "CP-10").replace("Torque", "Angle") + "40,Leak,,1/shift,,,,,\n",
            True,
        ),
        (MADE.replace("其他", "其它"), False),
        (MADE.replace("挑战件,,其他", "挑战件,其他,"), False),
    ):
        other = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
        other.write_text(text, encoding="utf-8-sig")
        assert (read(other).form == form) is is_same


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_remembered_answer_is_one_given_by_hand(folder: Path, data: st.DataObject) -> None:
    """Whatever part of the answers is remembered, in whatever order they were given; and for another form nothing is."""
    name = data.draw(st.sampled_from(sorted(ANSWERS)))
    file = file_of(folder, name)
    order = data.draw(st.permutations(sorted(ANSWERS[name])))
    given_now = data.draw(st.sets(st.sampled_from(order)))
    left_out = data.draw(st.sets(st.sampled_from(order)))
    said = {key: ANSWERS[name][key] for key in order if key not in left_out}
    form = read(file).form
    assert form is not None

    def by_hand(asked_form: str) -> Mapping[str, str]:
        del asked_form
        return dict(sorted(said.items()))

    def remembered(asked_form: str) -> Mapping[str, str]:
        before = {key: words for key, words in said.items() if key not in given_now}
        now = {key: words for key, words in said.items() if key in given_now}
        return (before if asked_form == form else {}) | now

    assert result(file, remembered) == result(file, by_hand)
    of_another = result(file, lambda asked_form: {} if asked_form == form else said)
    assert of_another == result(file, nothing_said)


PLANT = read_configuration(REALISTIC)[0]


def result(file: Path, said_of: SaidOf) -> object:
    run = read(file, said_of)
    compare(run, PLANT, BEGIN)
    text = plan_text(run, PLANT, frozenset())
    return run.as_json("en"), text


def test_a_file_answers_and_says_where_it_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(
        'version: 1\nform: 3f2a91c0\ncolumns: {reaction: G, H: not read}\nwordings:\n  "s/ plan": each shift\n'
        'symbols: {"◆": CC}\ndevices: {PY-17: line1-op20-torque}\nparts: {Rabbit: RR-0001}\ndates: day first\n'
        'time_of_day: "06:00"\nanswers: {revision: C}\nretired: {old: it is gone}\n',
        encoding="utf-8",
    )
    answers = read_mapping(file)
    assert answers.places == {
        "column reaction": "G",
        "column H": "not read",
        "wording s/ plan": "each shift",
        "symbol ◆": "CC",
        "device PY-17": "line1-op20-torque",
        "part Rabbit": "RR-0001",
        "dates": "day first",
        "time of day": "06:00",
        "revision": "C",
    }
    assert (answers.retired, answers.form) == ({"old": "it is gone"}, "3f2a91c0")
    assert answers.stands_at["wording s/ plan"] == f"{file}:5:3"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\nwordings:\n  s/ plan: now and then\n", "3:3"),
        ("version: 1\ncolumns: {reactoin: G}\n", "2:11"),
        ("version: 1\ncolumns: {H: anything}\n", "2:11"),
        ("version: 1\nwordnigs: {a: b}\n", "2:1"),
        ("version: 1\ntime_of_day: noon\n", "2:14"),
        ("version: 1\ndates: as usual\n", "2:8"),
        ("version: 1\nsymbols: {x: y}\nanswers: {symbol x: CC}\n", "2:11"),
        ("version: 2\n", "1:10"),
        ("- a\n", "1:1"),
    ],
)
def test_what_a_file_can_not_say_is_a_problem_with_its_place(
    tmp_path: Path, text: str, place: str
) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationProblems) as raised:
        read_mapping(file)
    assert f"{file}:{place}:" in str(raised.value)


def test_a_symbol_is_answered_with_a_class_that_the_plant_has(folder: Path) -> None:
    def special(words: str) -> tuple[str | None, set[str]]:
        run = dry_run(
            folder / "made.csv",
            known_special={"cc": "CC", "关键": "CC"},
            said_of=lambda _: {"symbol ◆": words},
            read=book,
        )
        return run.lines[0].special, asked(run) & {"symbol ◆"}

    assert special("关键") == ("CC", set())
    assert special("SC") == ("◆", {"symbol ◆"})
