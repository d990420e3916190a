"""The command line's own words in the reader's language: help, usage, and what is wrong with a command (decision 0042).

Commands are declared in English, as `redrabbit/cli.py` reads; `speak` puts a whole parser into another language, with the commands
that others add to it. The language is asked for with `--lang`, or said by the environment as for other programs.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn
from unicodedata import east_asian_width

from redrabbit.base.messages import LANGUAGES, language_of
from redrabbit.base.printable import complain, spoken
from redrabbit.base.sentence import Sentence, said, sentence

WRONG: Final = 2
"""Exit code: the command itself was wrong."""
_OPTION: Final = "--lang"
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which other programs ask them."""

_OF_ARGPARSE: Final = (
    sentence("the following arguments are required: {names}", names=""),
    sentence("one of the arguments {names} is required", names=""),
    sentence("argument {name}: not allowed with argument {other}", name="", other=""),
    sentence(
        "argument {name}: {value} is no address of a service; expected https://rabbit.plant.example",
        name="",
        value="",
    ),
    sentence("unrecognized arguments: {names}", names=""),
    sentence("ambiguous option: {option} could match {matches}", option="", matches=""),
    sentence("argument {name}: expected one argument", name=""),
    sentence(
        "argument {name}: invalid choice: {value} (choose from {choices})",
        name="",
        value="",
        choices="",
    ),
    sentence("argument {name}: invalid {kind} value: {value}", name="", kind="", value=""),
    sentence("argument {name}: ignored explicit argument {value}", name="", value=""),
    sentence(
        "argument {name}: {value} is no port; expected 0 to {largest}",
        name="",
        value="",
        largest="",
    ),
    sentence(
        "argument {name}: {value} is no limit; expected 1 to {largest}",
        name="",
        value="",
        largest="",
    ),
    sentence(
        "argument {name}: {value} is no ISO 8601 time; expected 2026-11-22 or 2026-11-22T06:00:00+08:00",
        name="",
        value="",
    ),
    sentence(
        "argument {name}: {value} is no day; expected 2026-11-22",
        name="",
        value="",
    ),
    sentence(
        "argument {name}: {value} is no number of days from 1 to 400",
        name="",
        value="",
    ),
    sentence(
        "argument {name}: {value} has no time zone; expected an offset such as +08:00 or Z at its end",
        name="",
        value="",
    ),
)
"""What argparse says of a wrong command. It hands over the finished text, so it is known again by its form."""


def wanted_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language of this command: that of `--lang`, else the environment's; English if neither says."""
    for given, following in zip(arguments, [*arguments[1:], ""], strict=False):
        option, _, value = given.partition("=")
        if option == _OPTION:
            return language_of(value or following)
    told = (environment.get(name, "") for name in _VARIABLES)
    return language_of(next((tag for tag in told if tag), ""))


def speak(parser: "CommandParser") -> None:
    """Let a parser take `--lang`, and say its help in the terminal's language; its commands, too."""
    parser.add_argument(
        _OPTION,
        choices=LANGUAGES,
        default=argparse.SUPPRESS,
        help="en or zh; left out: as the environment says (LC_ALL, LC_MESSAGES, LANG)",
    )
    parser.description = _translated(parser.description)
    for action in parser._actions:  # noqa: SLF001  because argparse shows them in no other way
        action.help = _translated(action.help)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  because as above
            for named in action._choices_actions:  # noqa: SLF001  because as above
                named.help = _translated(named.help)
            for command in action.choices.values():
                speak(command)


class CommandParser(argparse.ArgumentParser):
    """A parser whose help and complaints are in the terminal's language."""

    def __init__(self, **given: Any) -> None:
        super().__init__(formatter_class=_Help, **given)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command, and end it."""
        self.print_usage(sys.stderr)
        complain(
            sentence("{program}: error: {problem}", program=self.prog, problem=known_again(message))
        )
        self.exit(WRONG)


def known_again(message: str) -> str:
    """Return a text of argparse as the sentence that it is; itself where it is none that we know."""
    for each in _OF_ARGPARSE:
        names = "|".join(re.escape(f"{{{name}}}") for name in each.params)
        parts = [re.escape(part) for part in re.split(names, each.template)]
        found = re.fullmatch("(.*)".join(parts), message, flags=re.DOTALL)
        if found is not None:
            return Sentence(each.template, dict(zip(each.params, found.groups(), strict=True)))
    return message


class _Help(argparse.HelpFormatter):
    """Help with heads in the terminal's language, and lines as wide as they are seen."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(
            usage, actions, groups, _translated("usage: ") if prefix is None else prefix
        )

    def start_section(self, heading: str | None) -> None:
        super().start_section(_translated(heading))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return list(wrapped(text, width)) if _wide(text) else super()._split_lines(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if not _wide(text):
            return super()._fill_text(text, width, indent)
        return "\n".join(indent + line for line in wrapped(text, width - len(indent)))


def wrapped(text: str, width: int) -> Sequence[str]:
    """Return a text on lines of at most so many columns; a Chinese character takes two, and a line may end behind it."""
    lines, line = [], ""
    for word in re.findall(r"[!-~]+\s*|.", text):
        if line and _columns(line + word.rstrip()) > width and word[0] not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line = ""
        line += word
    return [*lines, line.rstrip()]


_NEVER_FIRST: Final = ",.;:!?)\uff0c\u3002\u3001\uff1b\uff1a\uff09\u201d\u300b"
"""Marks that never begin a line."""


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def _wide(text: str) -> bool:
    return _columns(text) > len(text)


def _translated(text: str | None) -> str | None:
    """Return a text of the declaration in the terminal's language; argparse puts values in behind it."""
    if text is None or text is argparse.SUPPRESS:
        return text
    return said(text if isinstance(text, Sentence) else Sentence(text, {}), spoken())
