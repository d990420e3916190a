"""`customer_programmes` of plant.yaml: how often the customer of each programme wants devices verified at least, and where it says so."""

import re
from collections.abc import Collection
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Entry,
    Key,
    ListOf,
    MapOf,
    Section,
    Spelled,
    Words,
)
from redrabbit.config.problem import Problems
from redrabbit.config.spellings import SLUG, SPECIAL_CODE
from redrabbit.domain.customer_minimum import Below, CustomerMinimum, Least, Unit
from redrabbit.domain.rotation import rotation_text
from redrabbit.domain.schedule_rules import FEWEST_PARTS, MOST_PARTS
from redrabbit.domain.schedule_words import schedule_text

MOST_HOURS: Final = 168
_FORMS: Final = "`every shift`, `every 4 h` or `every 500 parts`"


def _least(text: str) -> Least:
    """Return what a minimum's words mean; hours are of the line's work."""
    if text == "every shift":
        return Least(unit=Unit.SHIFT)
    found = re.fullmatch(r"every ([0-9]{1,9}) (h|parts)", text)
    if found is None:
        raise ValueError("")
    unit, amount = Unit(found[2]), int(found[1])
    low, high = (1, MOST_HOURS) if unit is Unit.HOURS else (FEWEST_PARTS, MOST_PARTS)
    if not low <= amount <= high:
        raise ValueError(sentence("from {low} to {high}", low=low, high=high))
    return Least(unit=unit, amount=amount)


MINIMUM: Final = Section(
    {
        "special": Key(
            ListOf(SPECIAL_CODE, at_least=1),
            "Of checks of these special characteristics; every check if left out.",
            required=False,
            default=(),
        ),
        "at_least": Key(
            Spelled(_least, _FORMS, r"every (shift|[0-9]+ (h|parts))"),
            "How often such a check is due at least; hours are of the line's work.",
        ),
        "document": Key(Words(), "The customer's document with its revision."),
        "clause": Key(Words(), "Where in it.", required=False),
    },
    "{special: […], at_least: …, document: …, clause: …}",
)
PROGRAMME: Final = Section(
    {
        "name": Key(Bilingual(), "The customer and the programme."),
        "lines": Key(
            ListOf(SLUG, at_least=1),
            "On which lines it is made; every line if left out.",
            required=False,
            default=(),
        ),
        "minima": Key(ListOf(MINIMUM, at_least=1), "What the customer demands at least."),
    },
    "{name: …, lines: […], minima: […]}",
)
PROGRAMMES: Final = MapOf(SLUG, PROGRAMME, at_least=1)


def read_programmes(
    entries: tuple[Entry[Block], ...] | None,
    lines: Collection[str] | None,
    codes: Collection[str] | None,
    problems: Problems,
) -> tuple[CustomerMinimum, ...]:
    """Return the minima that could be read, in the order of the file; `codes` are the declared special characteristics; None: they can't be told.

    A minimum of classes needs them declared: of one that is spelled otherwise in the plan it would say nothing.
    """
    found: list[CustomerMinimum] = []
    for entry in entries or ():
        block = entry.value
        if block is None:
            continue
        for line in block["lines"] or ():
            problems.refuse_unknown("line", line.value, line.place, lines)
        for each in block["minima"] or ():
            minimum: Block = each.value
            for code in minimum["special"] or ():
                if codes or codes is None:
                    problems.refuse_unknown("special characteristic", code.value, code.place, codes)
                elif not problems.adopted:
                    problems.add(
                        code.place,
                        sentence(
                            "special characteristic {code!r} of a minimum, and the plant declares none",
                            code=code.value,
                        ),
                        sentence("{code} in `special_characteristics`", code=code.value),
                    )
            if block.complete and minimum.complete:
                found.append(
                    CustomerMinimum(
                        programme=entry.key,
                        name=block["name"],
                        lines=frozenset(line.value for line in block["lines"]),
                        special=frozenset(code.value for code in minimum["special"]),
                        least=minimum["at_least"],
                        document=minimum["document"],
                        clause=minimum["clause"],
                    )
                )
    return tuple(found)


def below_words(below: Below) -> tuple[Sentence, Sentence]:
    """Return what is too seldom by whose demand, and what to write, in the words of the plan file."""
    minimum = below.minimum
    if below.turns is not None:
        found = sentence(
            "by `{rotation}` each failure mode is shown less often than programme {programme} demands: {least}, by {source}",
            rotation=rotation_text(below.turns),
            programme=minimum.programme,
            least=minimum.least.text,
            source=minimum.source,
        )
        return found, sentence("no `rotation`")
    found = sentence(
        "`{schedule}` is less often than programme {programme} demands: {least}, by {source}",
        schedule=schedule_text(below.check.schedule),
        programme=minimum.programme,
        least=minimum.least.text,
        source=minimum.source,
    )
    if below.write is None:
        return found, sentence("a calendar with shifts for line {line}", line=below.check.line)
    return found, sentence("`{write}`, or more often", write=schedule_text(below.write))
