"""A sentence for a terminal: its English, and what it takes to say it in another language (D17, decision 0042).

Commands, problems of a configuration and troubles of the store are read in a terminal. They are written in English where
they arise: `sentence("{file}: there is no such file", file=path)`. That *is* the English text, a `str` like any other, so that
logs, JSON, tests and exceptions need not know of it. What is printed for people is said in the terminal's language: `said` looks
the English up in the catalogue, as a template's text, and puts the same values in. A value may be a sentence, too.

Nothing is read for English, so that commands that are called again and again stay light.
"""

import os
from typing import Any, Final, LiteralString, Self

ENGLISH: Final = "en"


class Sentence(str):
    """The English of a sentence that can be said in another language."""

    __slots__ = ("params", "template")

    template: str
    """With the names of its values in braces; its id in the catalogues."""
    params: dict[str, object]

    def __new__(cls, template: str, params: dict[str, object]) -> Self:
        """Return the sentence in English."""
        made = super().__new__(cls, template.format(**params))
        made.template = template
        made.params = params
        return made

    def __getnewargs__(self) -> Any:
        """Return what it is made of: another process may raise what this one prints."""
        return (self.template, self.params)


def sentence(template: LiteralString, /, **params: object) -> Sentence:
    """Return a sentence in English; `params` are the values that it names in braces."""
    return Sentence(template, params)


def said(text: str, language: str) -> str:
    """Return a text in a language: a sentence in its words, any other text as it is.

    A sentence that has no translation is said in English: words for people must not stop a command.
    """
    if language == ENGLISH or not isinstance(text, Sentence):
        return str(text)
    from redrabbit.base.messages import terminal_texts  # noqa: PLC0415  because English needs no words

    translated = terminal_texts(language)

    def value_of(name: str, value: object) -> object:
        if isinstance(value, Sentence):
            return said(value, language)
        return translated.get(str(value), value) if name in _OUR_WORDS else value

    values = {name: value_of(name, value) for name, value in text.params.items()}
    return translated.get(text.template, text.template).format(**values)


_OUR_WORDS: Final = frozenset({"what", "found", "expected", "hint", "problem"})
"""Values of these names are words of the program, said in the language, too; any other value stands as it is."""


def words_of(error: BaseException) -> str:
    """Return what an error says, as the sentence that it was raised with where it is one."""
    given = error.args[0] if len(error.args) == 1 else None
    return given if isinstance(given, Sentence) else str(error)


def system_words(error: OSError) -> str:
    """Return the operating system's own words for an error as a sentence; what we said in its place is one already."""
    words = error.strerror or ""
    own = error.errno is None or words != os.strerror(error.errno)
    return words if own else Sentence(words, {})
