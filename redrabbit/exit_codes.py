"""What a command ends with: its exit code, and what a person can mend in words.

    Exception
    ├── ConfigurationProblems   `redrabbit.config.problem`
    ├── PlanNotInForce          here: the service finds it before anything runs
    ├── StoreTrouble            `redrabbit.services.errors`
    ├── Refusal                 `redrabbit.domain.errors`, in the words of the pages
    └── OSError                 a file or an address that can't be had

Everything else is a bug and ends in a traceback. Nothing heavy is imported here, because every
command passes through.
"""

import re
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Final

from redrabbit.base.printable import complain, spoken
from redrabbit.base.sentence import sentence, system_words, words_of
from redrabbit.config.problem import ConfigurationProblems, Problem
from redrabbit.domain.errors import Refusal
from redrabbit.services.errors import StoreTrouble

FOUND = 1
"""Something was found: a problem, damage, an overdue check."""
WRONG_USE = 2
"""The command itself was wrong."""
NOT_VERIFIED = 3
"""`verify`: nothing is known to be altered, and not all could be read or vouched for (D60)."""


class PlanNotInForce(Exception):
    """The control plan takes effect later: judging by it now would be judging by no plan (R45)."""


def exit_code_of(work: Callable[[], int], *more: type[Exception]) -> int:
    """Run a command; what a person can mend, and `more`, is told in words, without a traceback."""
    mendable: tuple[type[Exception], ...] = (
        ConfigurationProblems,
        PlanNotInForce,
        StoreTrouble,
        Refusal,
        OSError,
        *more,
    )
    try:
        return work()
    except mendable as trouble:
        told = trouble.problems if isinstance(trouble, ConfigurationProblems) else (trouble,)
        complain(*(in_words(each) for each in told))
        return FOUND


def in_words(trouble: object) -> str:
    """Return what went wrong; of the operating system's troubles without their number."""
    if isinstance(trouble, Problem):
        return trouble.sentence
    if isinstance(trouble, OSError) and trouble.strerror:
        problem = system_words(trouble)
        if trouble.filename is None:
            return problem
        return sentence("{file}: {problem}", file=trouble.filename, problem=problem)
    if isinstance(trouble, Refusal):
        from redrabbit.base.messages import Message, catalogue  # noqa: PLC0415  because few commands need it

        return catalogue(spoken()).render(Message(f"refusal.{trouble.code}", trouble.params))
    return words_of(trouble) if isinstance(trouble, Exception) else str(trouble)


def in_zone(refusal: Refusal, zone: tzinfo) -> Refusal:
    """Return a refusal whose times are said by the plant's clock, with its zone: what is raised knows no plant."""
    from redrabbit.base.messages import zoned  # noqa: PLC0415  because few commands need it

    params = {
        name: zoned(value, zone) if isinstance(value, datetime) else value
        for name, value in refusal.params.items()
    }
    return Refusal(refusal.code, **params)


_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{8,15}(?:[+-][0-9:]{2,5}|Z)")


def times_in_zone(text: str, zone: tzinfo) -> str:
    """Return a text of another program with its instants by the plant's clock; those that can't be read stay."""
    from redrabbit.base.messages import zoned  # noqa: PLC0415  as above

    def said(found: re.Match[str]) -> str:
        try:
            return zoned(datetime.fromisoformat(found[0]), zone)
        except ValueError:
            return found[0]

    return _INSTANT.sub(said, text)
