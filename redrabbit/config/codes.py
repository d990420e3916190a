"""`codes` of plant.yaml: what badges and labels look like, and what scanners put in front (B29, B40).

A kind that is left out has the codes that the plant knows: its parts, places, devices and lines. Badges have no
such list, so without a form a badge is what stands for somebody.
"""

from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Block, Key, ListOf, Section, Spelled, Words
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.domain.scanned_code import (
    AS_KNOWN,
    CodeForm,
    CodeForms,
    CodeKind,
    Known,
    code_form,
    confusions,
)

FORMS: Final = ListOf(
    Spelled(code_form, "a form such as B{6 digits}, RR-{digits}, LOC:{id}"), at_least=1
)
WORDS: Final = {
    CodeKind.BADGE: "How badges are written: one form or several, for example B{6 digits}.",
    CodeKind.PART: "How labels of challenge parts are written; the id stands in the last {…}.",
    CodeKind.PLACE: "How labels of places are written.",
    CodeKind.DEVICE: "How labels of devices are written.",
    CodeKind.LINE: "How labels of lines are written.",
}

CODES: Final = Section(
    {
        **{kind.value: Key(FORMS, words, required=False) for kind, words in WORDS.items()},
        "prefixes": Key(
            ListOf(Words("characters")), "What scanners put in front of a code.", required=False
        ),
    },
    "{badge: [form, …], part: [form, …], …}",
)


def read_codes(block: Block | None) -> CodeForms:
    """Return the declared forms, as far as they could be read."""
    if block is None:
        return AS_KNOWN
    forms: dict[CodeKind, tuple[CodeForm, ...]] = {
        kind: tuple(form.value for form in block[kind.value])
        for kind in CodeKind
        if block[kind.value]
    }
    prefixes = tuple(prefix.value for prefix in block["prefixes"] or ())
    return CodeForms(prefixes=prefixes, forms=forms)


def refuse_confusions(
    forms: CodeForms, known: Known, place: SourcePosition, problems: Problems
) -> None:
    """Note ids of the plant that a declared form of another kind has, too: a scan would mean either."""
    for kind, other, text in confusions(forms, known):
        problems.add(
            place,
            sentence(
                "the {value} {text!r} is written as a {value_2} is",
                value=kind.value,
                text=text,
                value_2=other.value,
            ),
            sentence(
                "a form of {value} that no {value_2} has, or a form for {value_2}",
                value=other.value,
                value_2=kind.value,
            ),
        )
