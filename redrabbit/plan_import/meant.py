"""What a text of the file means: by itself, or by what somebody said that it means.

What the plant has stands for itself, whatever was said of such a text before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.domain.special_characteristic import mark_of
from redrabbit.plan_import.cell_words import DEVICE, PART, class_of, one_line
from redrabbit.plan_import.finding import Findings, is_yes, question_name
from redrabbit.plan_import.frequency import NotUnderstood, parse_frequency
from redrabbit.plan_import.grid import plain
from redrabbit.plan_import.trigger import Frequency

_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9/ -]{0,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the plant."""

    parts: frozenset[str] = frozenset()
    """The numbers of its parts, which may look like no part's."""
    masters: frozenset[str] | None = None
    """The good masters among them; None: not known, so they are told by their numbers."""
    special: Mapping[str, str] | None = None
    """Its special characteristics by mark, as `codes_by_mark` returns them; None: not known."""
    devices: frozenset[str] = frozenset()
    """The ids of its devices."""


def device_meant(text: str, at: str, known: Known, findings: Findings) -> str:
    """Return the device that a text stands for."""
    if text in known.devices:
        return text

    def read(words: str) -> str | None:
        said = device_said(words)
        return None if said is None or (known.devices and said not in known.devices) else said

    words = sentence("which device is {device}?", device=text)
    return findings.answer(question_name("device", text), at, words, read) or text


def part_meant(text: str, at: str, known: Known, findings: Findings) -> str | None:
    """Return the challenge part that a text stands for; None, and an error, where it looks like no part's number and nobody said."""
    if text in known.parts:
        return text

    def read(words: str) -> str | None:
        said = plain(words)
        return said if said in known.parts or (not known.parts and PART.fullmatch(said)) else None

    name = question_name("part", text)
    words = sentence("which challenge part is {part}?", part=text)
    meant = findings.answer(name, at, words, read)
    if meant is None and not PART.fullmatch(text):
        findings.error(
            "part_not_understood",
            at,
            sentence(
                "{word!r} is no part number; expected numbers as on the labels, such as RR-0001",
                word=text,
            ),
            name,
        )
        return None
    return meant or text


def frequency_meant(text: str, at: str, findings: Findings, *, verifies: bool) -> Frequency | None:
    """Return the frequency that a text says; None, and an error or note, where it is none and nobody said what it means."""
    name = question_name("wording", text)
    words = sentence("what does {text!r} mean?", text=one_line(text))
    said = findings.answer(name, at, words, frequency_said)
    if said is not None:
        return said
    try:
        return parse_frequency(text)
    except NotUnderstood as problem:
        if problem.unclear:
            code, words = (
                "frequency_unclear",
                sentence(
                    "{text!r} can be read in more than one way; write each moment apart, with ; between them",
                    text=one_line(text),
                ),
            )
        else:
            code, words = (
                "frequency_not_understood",
                sentence(
                    "{text!r} is no frequency I know; nearest: {nearest}. Correct the cell",
                    text=one_line(text),
                    nearest=", ".join(f'"{each}"' for each in problem.nearest) or sentence("none"),
                ),
            )
        if verifies:
            findings.error(code, at, words, name)
        else:
            findings.note(code, at, words)
    return None


def device_said(words: str) -> str | None:
    """Return the device that an answer names; None for what is no device's id."""
    said = plain(words)
    return said if DEVICE.fullmatch(said) else None


def frequency_said(words: str) -> Frequency | None:
    """Return the frequency that an answer says; None for what is none."""
    try:
        return parse_frequency(words)
    except NotUnderstood:
        return None


def symbol_said(words: str, declared: Mapping[str, str] | None = None) -> str | None:
    """Return the class of special characteristics that an answer names, such as CC, one that the plant has where it declares them; None for none."""
    said = plain(words)
    if declared:
        return declared.get(mark_of(said))
    is_class = _CLASS.fullmatch(said) is not None and said.lower() not in {"no", "none"}
    return class_of(said) if is_class else None


def yes_said(words: str) -> str | None:
    """Return the words that say that something is right; None for others."""
    return words if is_yes(words) else None
