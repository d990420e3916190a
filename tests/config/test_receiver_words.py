"""`check-config --explain RECEIVER` says in which steps it is told (R10)."""

from datetime import time

from redrabbit.config.receiver_words import explain_receiver
from redrabbit.domain.escalation import Escalation
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, TargetKind
from tests.alarm_rules import LINE, MINUTE, a_duty, a_rule, a_step, an_escalation

RULES = an_escalation(
    a_rule(
        a_step(0, rosters=("leaders",)),
        a_step(10, "anna", every=5 * MINUTE),
        kinds=frozenset({AlarmKind.MISSED}),
        lines=frozenset({LINE}),
        shifts=frozenset({"night"}),
    ),
    a_rule(a_step(0, "bo"), a_step(30, "anna", at=time(8))),
    rosters={"leaders": (a_duty("anna"), a_duty("chen"))},
)


def steps(name: str, rules: Escalation, *, alarms: bool = True) -> list[str]:
    target = NotificationTarget(name=name, kind=TargetKind.WEBHOOK, url="http://a/", alarms=alarms)
    said = explain_receiver(target, rules)
    begins = next((n for n, line in enumerate(said) if line.startswith("  steps:")), len(said))
    return [line[15:] for line in said[begins:]]


def test_each_step_that_tells_it_is_said_with_what_and_through_whom() -> None:
    assert steps("anna", RULES) == [
        "rule 1, step 1: at once, of missed at line1 in shift night, while on duty by leaders",
        "rule 1, step 2: after 10 min, again every 5 min, of missed at line1 in shift night",
        "rule 2, step 2: after 30 min, as a list at 08:00, of all alarms",
    ]
    assert steps("bo", RULES) == ["rule 2, step 1: at once, of all alarms"]


def test_whoever_no_step_names_is_told_at_once() -> None:
    assert steps("andon", RULES) == ["none: told at once"]
    assert steps("andon", an_escalation()) == ["none: all are told at once"]
    assert steps("archive", RULES, alarms=False) == []
