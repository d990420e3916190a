"""Steps and rosters of plant.yaml: read as they are said, and refused with what is wrong (R10)."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.escalation import Duty, Rule, Step
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import OutsideWatcher
from redrabbit.domain.secret_place import SecretPlace

BASE = Path(__file__).parent / "base"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in BASE.iterdir()}
RECEIVERS = """notifications:
  andon: {webhook: 'http://andon/'}
  anna: {apprise_env: ANNA, language: zh}
  bo: {apprise_env: BO}
  archive: {webhook: 'http://archive/', checkpoints: only}
"""
ROSTERS = """rosters:
  leaders:
    - {receivers: [anna], shifts: [day], lines: [line1]}
    - {receivers: [bo], from: 2026-12-01, until: 2026-12-07}
"""


def texts(more: str) -> Mapping[str, str]:
    return {**TEXTS, "plant.yaml": f"{TEXTS['plant.yaml']}{RECEIVERS}{more}"}


def test_rules_and_rosters_are_read_as_they_are_said() -> None:
    said = """escalation:
  - severity: [critical]
    events: [overdue]
    lines: [line1]
    steps:
      - tell: [leaders]
      - {after: 10 min, tell: [bo, leaders], every: 5 min}
  - shifts: [day]
    steps: [{at: "08:00", tell: [anna]}]
"""
    plant = load_plant(texts(ROSTERS + said))
    assert plant.rules == (
        Rule(
            steps=(
                Step(rosters=("leaders",)),
                Step(
                    after=timedelta(minutes=10),
                    receivers=("bo",),
                    rosters=("leaders",),
                    every=timedelta(minutes=5),
                ),
            ),
            kinds=frozenset(
                {AlarmKind.MISSED, AlarmKind.ESCAPE, AlarmKind.NOT_RETURNED, AlarmKind.OVERDUE}
            ),
            lines=frozenset({plant.lines[0].id}),
        ),
        Rule(steps=(Step(at=time(8), receivers=("anna",)),), shifts=frozenset({"day"})),
    )
    assert plant.rosters == {
        "leaders": (
            Duty(
                receivers=("anna",),
                shifts=frozenset({"day"}),
                lines=frozenset({plant.lines[0].id}),
            ),
            Duty(receivers=("bo",), from_date=date(2026, 12, 1), until_date=date(2026, 12, 7)),
        )
    }
    assert plant.escalation.named == {"anna", "bo"}
    assert set(plant.escalation.wishes) == {"andon", "anna", "bo"}


def test_people_are_named_by_their_numbers_or_employee_numbers() -> None:
    said = """rosters:
  leaders: [{people: [p-0042, 204711, "00017"], shifts: [day]}]
escalation: [{steps: [{tell: [leaders], people: [p-0001]}, {after: 5 min, people: [p-0002]}]}]
mail: {env: MAIL}
"""
    plant = load_plant(texts(said))
    assert plant.rosters["leaders"][0].people == ("p-0042", "204711", "00017")
    assert [step.people for step in plant.rules[0].steps] == [("p-0001",), ("p-0002",)]
    assert plant.mail == SecretPlace(env="MAIL")


def test_a_plant_file_of_today_has_no_steps() -> None:
    plant = load_plant(texts(""))
    assert (plant.rules, plant.rosters, plant.watcher) == ((), {}, None)
    assert plant.escalation.named == frozenset()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("escalation: [{steps: [{tell: [annna]}]}]", "unknown receiver or roster 'annna'"),
        ("escalation: [{steps: [{tell: [archive]}]}]", "sent checkpoints only"),
        ("escalation: [{steps: []}]", "at least 1 item"),
        ("escalation: [{lines: [line7], steps: [{tell: [anna]}]}]", "unknown line 'line7'"),
        ("escalation: [{shifts: [nght], steps: [{tell: [anna]}]}]", "unknown shift 'nght'"),
        ("escalation: [{severity: [bad], steps: [{tell: [anna]}]}]", "critical, serious, notice"),
        ("escalation: [{events: [mised], steps: [{tell: [anna]}]}]", "did you mean 'missed'"),
        (
            "escalation: [{steps: [{after: 5 min, tell: [anna]}, {after: 5 min, tell: [bo]}]}]",
            "not later than the one before",
        ),
        ("rosters: {anna: [{receivers: [bo]}]}", "named as a receiver is"),
        ("rosters: {leaders: [{receivers: [nobody]}]}", "unknown receiver 'nobody'"),
        ("rosters: {leaders: []}", "at least 1 item"),
        ("rosters: {leaders: [{shifts: [day]}]}", "receivers or people"),
        ("rosters: {leaders: [{people: []}]}", "at least 1 item"),
        ("rosters: {leaders: [{people: ['a, b']}]}", "p-0042, or an employee number"),
        ("escalation: [{steps: [{after: 5 min, people: [' ']}]}]", "employee number"),
        ("mail: {}", "one without an address"),
        ("mail: {env: MAIL, file: /etc/mail}", "two addresses"),
        ("escalation: [{steps: [{after: 5 min}]}]", "tell"),
        ("escalation: [anna]", "steps"),
        ("rosters: {leaders: [anna]}", "receivers"),
    ],
)
def test_what_can_not_be_followed_is_refused_with_its_place(said: str, problem: str) -> None:
    with pytest.raises(ConfigurationProblems, match=problem) as refused:
        load_plant(texts(f"{said}\n"))
    assert "plant.yaml:" in str(refused.value)


@pytest.mark.parametrize(
    ("said", "watcher"),
    [
        (
            "{ping: 'https://watch.plant.example/abc'}",
            OutsideWatcher(
                url="https://watch.plant.example/abc", place=None, every=timedelta(seconds=60)
            ),
        ),
        (
            "{ping_file: /etc/redrabbit/ping, every: 5 min}",
            OutsideWatcher(
                url=None, place=SecretPlace(file="/etc/redrabbit/ping"), every=timedelta(minutes=5)
            ),
        ),
    ],
)
def test_a_watcher_is_read(said: str, watcher: OutsideWatcher) -> None:
    assert load_plant(texts(f"watcher: {said}\n")).watcher == watcher


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("{every: 60 s}", "a watcher with 0 addresses"),
        ("{ping: 'http://a/', ping_env: B}", "a watcher with 2 addresses"),
        ("{ping: 'ftp://a/'}", "a URL beginning with"),
        ("{ping: 'http://a/', every: 1 s}", "5 s or more"),
    ],
)
def test_a_watcher_that_can_not_be_is_refused(said: str, problem: str) -> None:
    with pytest.raises(ConfigurationProblems, match=problem):
        load_plant(texts(f"watcher: {said}\n"))


def test_a_receiver_that_is_named_as_a_person_is_can_not_stand_beside_people() -> None:
    """A file of today may have such a receiver; nobody could tell it from a person."""
    receiver = "notifications: {p-0042: {webhook: 'http://a/'}}\n"
    alone = {**TEXTS, "plant.yaml": f"{TEXTS['plant.yaml']}{receiver}"}
    assert load_plant(alone).targets[0].name == "p-0042"
    beside = f"{alone['plant.yaml']}rosters: {{leaders: [{{people: [p-0001]}}]}}\n"
    with pytest.raises(ConfigurationProblems, match="named as a person is"):
        load_plant({**TEXTS, "plant.yaml": beside})
