"""What a receiver of plant.yaml is told, said in words: `redrabbit check-config --explain RECEIVER`."""

from collections.abc import Iterator, Mapping
from typing import Final

from redrabbit.domain.plant import NotificationTarget, TargetKind

LANGUAGES: Final[Mapping[str | None, str]] = {
    "en": "English",
    "zh": "Chinese",
    None: "English, with both beside it; say language: en or zh",
}


def explain_receiver(target: NotificationTarget) -> list[str]:
    """Return the explanation of a receiver, line by line; without a webhook's path, which may be secret."""
    return [f"{target.name} · {_way(target)}", *_told(target)]


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
