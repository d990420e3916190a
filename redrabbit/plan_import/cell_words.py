"""What the words of a cell come to: parts, steps of a reaction, a line of the PFMEA, a span."""

import re
import unicodedata
from datetime import timedelta
from typing import Final

from redrabbit.domain.schedule_words import parse_duration
from redrabbit.plan_import.grid import plain

PART: Final = re.compile(
    r"(?:[A-Za-z]{1,8}[-_]?(?:[A-Za-z0-9]{1,6}[-_])?\d{2,}[A-Za-z]?|\d{4,})(?:[-_.]\d{1,6}[A-Za-z]?)*"
)
"""`RR-0001`, `GM-OP20-01`, `204711`; not `2.`, `x2`, `1pc`, `Rev.2`, nor a range `RR-0001-RR-0005`."""
DEVICE: Final = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+")
_UNITS: Final = (
    r"(?P<ms>ms|毫秒)|(?P<min>min|minutes?|minuten?|minutos?|分钟|분)|(?P<s>s|secs?|seconds?|sekunden?|segundos?|秒|초)|"
    r"(?P<h>h|hours?|hrs?|std|stunden?|horas?|小时|시간)|(?P<d>d|days?|tage?|días?|天|일)"
)
_NUMBERED: Final = re.compile(r"\s*\d{1,2}\s*[.)、](?!\d)")
_NEXT_STEP: Final = r"[;；](?=\s*\d{1,2}\s*[.)、](?!\d))"
_STEP: Final = re.compile(r"^\s*(?:\d{1,2}\s*[.)、](?!\d)|[-•·]\s)\s*")


def named_inside(texts: list[str]) -> tuple[str, list[str]] | None:
    """Return device and parts that stand in brackets within a text; None where there are none."""
    for text in texts:
        for inside in re.findall(r"\(([^()]*)\)", unicodedata.normalize("NFKC", text)):
            words = [word for word in re.split(r"[,;、\s]+", inside) if word]
            devices = [word for word in words if DEVICE.fullmatch(word)]
            parts = [word for word in words if word not in devices]
            if len(devices) == 1 and parts and all(PART.fullmatch(word) for word in parts):
                return devices[0], parts
    return None


def one_line(text: str) -> str:
    """Return a text on one line, one blank between words."""
    return " ".join(text.split())


def steps_of(text: str) -> tuple[str, ...]:
    """Return the steps of a reaction, without their numbers: lines, or what `;` separates; on one line that numbers them, what is numbered."""
    if "\n" in text.strip():
        lines = text.splitlines()
    else:
        lines = re.split(_NEXT_STEP if _NUMBERED.match(text) else r"[;；]", text)
    steps = (_STEP.sub("", line).strip().rstrip(";；") for line in lines)
    return tuple(step for step in steps if step)


def class_of(text: str) -> str | None:
    """Return the letters of a special characteristic, `CC`; what has none, such as a symbol, stays as it is."""
    flat = one_line(plain(text))
    letters = one_line(re.sub(r"[^\w/ ]+", " ", flat))
    return (letters if re.search(r"[A-Za-z]", letters) else flat) or None


def pfmea_of(text: str) -> str | None:
    """Return line and revision of a PFMEA as one form, `12.4 rev C`; what is written otherwise stays as it is."""
    flat = one_line(plain(text))
    found = re.fullmatch(
        r"(\d+(?:\.\d+)*)\s*[/,(]?\s*(?:rev\.?\s*([A-Za-z0-9]{1,3})|([A-Za-z]{1,3}))\s*(?:版|\.)?\)?",
        flat,
        re.IGNORECASE,
    )
    return f"{found[1]} rev {found[2] or found[3]}" if found else flat or None


def span_of(text: str) -> str | None:
    """Return a span of time as one form, `30 min`; what is written otherwise stays as it is."""
    flat = one_line(plain(text))
    found = re.fullmatch(rf"(\d+(?:[.,]\d+)?)\s*(?:{_UNITS})\.?", flat, re.IGNORECASE)
    if found is None:
        return flat or None
    return f"{found[1].replace(',', '.')} {found.lastgroup}"


def span_length(text: str) -> timedelta | None:
    """Return how long a span is that a text says; None where it says none."""
    try:
        return parse_duration(span_of(text) or "")
    except ValueError:
        return None


def mode_of(text: str) -> str | None:
    """Return the failure mode's id where the text has one, else its words."""
    flat = one_line(text)
    found = re.search(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", flat)
    return found[0] if found else flat or None


def how_many(text: str) -> int | None:
    """Return how many pieces `2 rabbits + 1 master` or `２红１绿` are; None where it is no number of pieces."""
    flat = plain(text)
    if "%" in flat or "=" in flat or "/" in flat:
        return None
    numbers = re.findall(r"\d+", flat)
    return sum(int(each) for each in numbers) if numbers else None
