"""What a receiver of plant.yaml is told, said in words: `redrabbit check-config --explain RECEIVER`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from redrabbit.domain.escalation import Escalation, Rule, Step
from redrabbit.domain.plant import NotificationTarget, TargetKind

LANGUAGES: Final[Mapping[str | None, str]] = {
    "en": "English",
    "zh": "Chinese",
    None: "English, with both beside it; say language: en or zh",
}


def explain_receiver(target: NotificationTarget, rules: Escalation) -> list[str]:
    """Return the explanation of a receiver, line by line; without a webhook's path, which may be secret."""
    return [f"{target.name} · {_way(target)}", *_told(target), *_steps(target, rules)]


def _steps(target: NotificationTarget, rules: Escalation) -> Iterator[str]:
    """Yield by which steps it is told, and through which rosters."""
    if not target.alarms:
        return
    found = [
        f"rule {number}, step {place}: {_when(step)}, of {_what(rule)}{_through(through)}"
        for number, rule in enumerate(rules.rules, 1)
        for place, step in enumerate(rule.steps, 1)
        if (through := _rosters(target.name, step, rules)) or target.name in step.receivers
    ]
    at_once = "none: told at once" if rules.rules else "none: all are told at once"
    for place, line in enumerate(found or [at_once]):
        yield f"  {'steps:' if not place else '':<12} {line}"


def _rosters(name: str, step: Step, rules: Escalation) -> list[str]:
    return [
        roster
        for roster in step.rosters
        if any(name in duty.receivers for duty in rules.rosters.get(roster, ()))
    ]


def _when(step: Step) -> str:
    minutes = step.after.total_seconds() / 60
    after = f"after {minutes:g} min" if minutes else "at once"
    clock = f"{after}, as a list at {step.at:%H:%M}" if step.at is not None else after
    again = step.every.total_seconds() / 60 if step.every is not None else None
    return clock if again is None else f"{clock}, again every {again:g} min"


def _what(rule: Rule) -> str:
    kinds = ", ".join(sorted(rule.kinds)) or "all alarms"
    where = f" at {', '.join(sorted(rule.lines))}" if rule.lines else ""
    shifts = f" in shift {', '.join(sorted(rule.shifts))}" if rule.shifts else ""
    return f"{kinds}{where}{shifts}"


def _through(rosters: Sequence[str]) -> str:
    return f", while on duty by {', '.join(rosters)}" if rosters else ""


def _way(target: NotificationTarget) -> str:
    if target.kind is TargetKind.MQTT:
        return f"MQTT, broker {target.host}:{target.port}, topic {target.topic}"
    return "Apprise" if target.kind is TargetKind.APPRISE else "webhook"


def _told(target: NotificationTarget) -> Iterator[str]:
    if target.alarms:
        yield f"  alarms:      {', '.join(sorted(target.events)) or 'all of them'}"
    else:
        yield "  alarms:      none"
    yield f"  language:    {LANGUAGES[target.language]}"
    if target.checkpoints:
        yield "  checkpoints: at the end of each shift and of each day without one, to keep"
    else:
        yield "  checkpoints: none; say checkpoints: true, and it keeps what proves that nothing was taken out"
