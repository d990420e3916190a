"""A file that answers what the import of a control plan asks, `redrabbit plan import --mapping FILE` (decision 52).

    version: 1
    form: 3f2a91c0                     # optional: the form that it is about, as the dry run names it
    columns: {reaction: "What then?", H: not read}
    wordings: {"s/ plan": each shift}
    symbols: {"◆": CC}
    devices: {PY-17: line1-op20-torque}
    parts: {Rabbit 1: RR-0001}
    dates: day first
    time_of_day: "06:00"
    answers: {revision: C, "Plan!A13": leave it out}
    retired: {op20-old: the station was taken away}

What it answers is not asked. An answer that no question is there for is told, by line and column.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.sentence import Sentence, sentence, system_words
from redrabbit.config.file_schema import Block, Choice, Key, MapOf, Pattern, Section, Words
from redrabbit.config.located_yaml import parse
from redrabbit.config.outside_text import refuse_unreadable
from redrabbit.config.problem import ConfigurationProblems, Problems, SourcePosition
from redrabbit.plan_import.dates import order_said
from redrabbit.plan_import.dry_run import DATES
from redrabbit.plan_import.finding import question_name
from redrabbit.plan_import.form_columns import (
    COLUMN,
    FIELDS,
    field_said,
    is_column,
    says_not_read,
)
from redrabbit.plan_import.meant import device_said, frequency_said, symbol_said
from redrabbit.plan_import.plan_times import TIME_OF_DAY, time_said
from redrabbit.services.plan_looking import PlanAnswers

_NAMED: Final = MapOf(Pattern(r"[^\0]+", "a text of the plan"), Words())
_SECTIONS: Final = {
    "columns": COLUMN,
    "wordings": "wording",
    "symbols": "symbol",
    "devices": "device",
    "parts": "part",
}
"""Section → how the names of its questions begin."""
_VALUES: Final = {"dates": DATES, "time_of_day": TIME_OF_DAY}

MAPPING: Final = Section(
    {
        "version": Key(Choice({"1": 1}), "The version of this form of file."),
        "form": Key(
            Pattern("[0-9a-f]{8,64}", "the beginning of a form's digest"),
            "The form that it is about; left out: any.",
            required=False,
        ),
        "columns": Key(
            _NAMED,
            "A field with the column that holds it, or the letters of a column without a header with what it is.",
            required=False,
        ),
        "wordings": Key(_NAMED, "Wordings of frequencies with what they mean.", required=False),
        "symbols": Key(_NAMED, "Symbols of special characteristics.", required=False),
        "devices": Key(_NAMED, "Texts with the devices that they stand for.", required=False),
        "parts": Key(_NAMED, "Texts with the challenge parts that they stand for.", required=False),
        "dates": Key(Words("day first or month first"), "How dates are written.", required=False),
        "time_of_day": Key(
            Words("a time such as 06:00, or shift start"),
            "When what is due by the day is due.",
            required=False,
        ),
        "answers": Key(
            _NAMED,
            "What is answered of this file only, by the place or the name of the question.",
            required=False,
        ),
        "retired": Key(_NAMED, "Checks that are left out, and why.", required=False),
    },
    "a mapping of answers",
    "What the import of a control plan asks, answered.",
)


def read_mapping(path: Path) -> PlanAnswers:
    """Return the answers of a file; raise ConfigurationProblems with all that is wrong in it."""
    problems = Problems()
    text = _text(path, problems)
    root = None if text is None else parse(text, str(path), problems)
    if root is not None:
        refuse_unreadable(root, problems)
    block = None if root is None else MAPPING.read(root, problems)
    answers = None if block is None else _answers(block, problems)
    if answers is None or problems.found:
        raise ConfigurationProblems(problems.found)
    return answers


def _text(path: Path, problems: Problems) -> str | None:
    try:
        return read_at_most(path, 100 * KB, "a mapping").decode("utf-8-sig")
    except OSError as error:
        found = sentence("unreadable ({problem})", problem=system_words(error))
        problems.add(SourcePosition(str(path)), found, "a mapping")
    except UnicodeDecodeError:
        problems.add(SourcePosition(str(path)), "bytes that are no text", "text in UTF-8")
    return None


def _answers(block: Block, problems: Problems) -> PlanAnswers:
    places: dict[str, str] = {}
    stands_at: dict[str, str] = {}
    for name, words, place in _said(block, problems):
        if name in places:
            problems.add(
                place,
                sentence("{name} is answered twice", name=name),
                sentence("one answer to each question"),
            )
        places[name] = words
        stands_at[name] = str(place)
    return PlanAnswers(
        places=places,
        retired={each.key: each.value for each in block["retired"] or () if each.value is not None},
        stands_at=stands_at,
        retired_at={each.key: str(each.place) for each in block["retired"] or ()},
        form=block["form"],
        form_at=str(block.place_of("form")),
    )


def _said(block: Block, problems: Problems) -> Iterator[tuple[str, str, SourcePosition]]:
    """Yield each answer by the name of its question, and where it stands; what is no answer to it is a problem."""
    for section, kind in _SECTIONS.items():
        for each in block[section] or ():
            if each.value is None:
                continue
            expected = _expected(section, each.key, each.value)
            name = question_name(kind, each.key)
            if expected is not None or not name:
                found = sentence("found {what}", what=repr(each.value))
                problems.add(each.place, found, expected or sentence("a shorter text"))
            else:
                yield name, each.value, each.place
    for key, name in _VALUES.items():
        words, place = block[key], block.place_of(key)
        if words is None:
            continue
        is_said = (order_said(words) if key == "dates" else time_said(words)) is not None
        if is_said:
            yield name, words, place
        else:
            found = sentence("found {what}", what=repr(words))
            problems.add(place, found, MAPPING.keys[key].shape.expected)
    for each in block["answers"] or ():
        if each.value is not None:
            yield each.key, each.value, each.place


_EXPECTED: Final[dict[str, tuple[Callable[[str], object], Sentence]]] = {
    "wordings": (frequency_said, sentence("a frequency that is known, such as each shift")),
    "symbols": (symbol_said, sentence("a class of special characteristics, such as CC")),
    "devices": (device_said, sentence("the id of a device")),
}


def _expected(section: str, key: str, words: str) -> Sentence | None:
    """Return what was expected in place of an answer; None where it is one."""
    if section == "columns":
        if is_column(key):
            is_said = field_said(words) is not None or says_not_read(words)
            return None if is_said else sentence("a field such as reaction, or not read")
        known = ", ".join(FIELDS)
        return None if key in FIELDS else sentence("a field as the key: {known}", known=known)
    if section not in _EXPECTED:
        return None
    read, expected = _EXPECTED[section]
    return None if read(words) is not None else expected
