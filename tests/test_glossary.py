"""One thing, one word, in both languages: `docs/words.md` against catalogues, templates and README (decision 0042)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from redrabbit.base.messages import terminal_texts
from tests.base.test_messages import PACKAGE, entries

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One row of the table."""

    english: str
    chinese: tuple[str, ...]
    not_english: tuple[str, ...]
    not_chinese: tuple[str, ...]


def table(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a text's tables, heads and rules left out."""
    rows = [line.strip()[1:-1] for line in text.splitlines() if line.startswith("|")]
    for row, after in zip(rows, [*rows[1:], ""], strict=True):
        if not set(row) <= set("-| ") and not (after and set(after) <= set("-| ")):
            yield [cell.strip() for cell in row.split("|")]


def listed(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(",") if word.strip())


TERMS = tuple(
    Term(
        english=row[0],
        chinese=listed(row[1]),
        not_english=listed(row[2]),
        not_chinese=listed(row[3]),
    )
    for row in table((ROOT / "docs" / "words.md").read_text(encoding="utf-8"))
)


def says(text: str, words: str) -> bool:
    """Tell whether an English text says these words, whole and in any case."""
    return (
        re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", text, flags=re.IGNORECASE) is not None
    )


def forbidden_in_english(text: str) -> list[str]:
    return [
        f"{word!r}: say {term.english!r}"
        for term in TERMS
        for word in term.not_english
        if says(text, word)
    ]


def forbidden_in_chinese(text: str) -> list[str]:
    """Return the words that are not to be used; a right word that has one in it is none."""
    found = []
    for term in TERMS:
        left = text
        for right in sorted(term.chinese, key=len, reverse=True):
            left = left.replace(right, "")
        found += [f"{word}: say {term.chinese[0]}" for word in term.not_chinese if word in left]
    return found


def otherwise_translated(english: str, chinese: str) -> list[str]:
    """Return the terms that the English says and the Chinese does not.

    A term inside a longer one is the longer one: who says *scheduled check* has not said *check*.
    """
    found, left = [], re.sub(r"\{[^}]*\}|`[^`]*`", "·", english)
    for term in sorted(TERMS, key=lambda term: -len(term.english)):
        if says(left, term.english):
            left = re.sub(
                rf"(?<![\w-]){re.escape(term.english)}(?![\w-])", "·", left, flags=re.IGNORECASE
            )
            if not any(word in chinese for word in term.chinese):
                found.append(f"{term.english!r} is {' or '.join(term.chinese)}: {chinese}")
    return found


def texts(language: str) -> Mapping[str, str]:
    """Return what a language says for each code, plural forms in one, without placeholders and code."""
    return {code: spoken(" · ".join(found)) for code, found in entries(language).items()}


def spoken(text: str) -> str:
    """Return a text without the names of its values, and without commands."""
    return re.sub(r"\{[^}]*\}|`[^`]*`", "·", text)


def prose(markdown: str) -> str:
    """Return what a text says to people: without code, addresses and comments."""
    return re.sub(r"```.*?```|``.*?``|`[^`]*`|\]\([^)]*\)|<[^>]*>", "·", markdown, flags=re.DOTALL)


def of_template(path: Path) -> str:
    """Return what a template says by itself: no tags, no expressions."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "·", text, flags=re.DOTALL)


def test_no_word_stands_for_two_things() -> None:
    english = [term.english for term in TERMS]
    chinese = [word for term in TERMS for word in term.chinese[:1]]
    assert len(english) > 40
    assert sorted({word for word in english if english.count(word) > 1}) == []
    assert sorted({word for word in chinese if chinese.count(word) > 1}) == []


def test_no_right_word_is_forbidden() -> None:
    assert [word for term in TERMS for word in forbidden_in_english(term.english)] == []
    assert [
        word for term in TERMS for each in term.chinese for word in forbidden_in_chinese(each)
    ] == []


def test_catalogues_say_no_forbidden_word() -> None:
    found = {
        f"{language} {code}": wrong
        for language, forbidden in (("en", forbidden_in_english), ("zh", forbidden_in_chinese))
        for code, text in texts(language).items()
        if (wrong := forbidden(text))
    }
    assert found == {}


def test_commands_say_no_forbidden_word() -> None:
    found = {
        english: wrong
        for english, chinese in terminal_texts("zh").items()
        if (wrong := forbidden_in_english(spoken(english)) + forbidden_in_chinese(spoken(chinese)))
    }
    assert found == {}


def test_templates_say_no_forbidden_word() -> None:
    found = {
        path.name: wrong
        for path in sorted((PACKAGE / "web" / "templates").glob("*.html"))
        if (
            wrong := forbidden_in_english(of_template(path))
            + forbidden_in_chinese(of_template(path))
        )
    }
    assert found == {}


def test_readme_says_no_forbidden_word() -> None:
    found = {
        number: wrong
        for number, line in enumerate(prose(README).splitlines(), start=1)
        if (wrong := forbidden_in_english(line) + forbidden_in_chinese(line))
    }
    assert found == {}


def test_every_term_has_one_translation() -> None:
    chinese = texts("zh")
    found = {
        code: wrong
        for code, text in texts("en").items()
        if code in chinese and (wrong := otherwise_translated(text, chinese[code]))
    }
    assert found == {}


def test_readme_translates_as_the_table_does() -> None:
    known = {term.english: term.chinese for term in TERMS}
    told = {word: row[1] for row in table(README) if len(row) == 3 for word in listed(row[0])}
    assert "ledger" in told
    wrong = {
        word: told[word]
        for word in told.keys() & known.keys()
        if not any(right in told[word] for right in known[word])
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "word"),
    [("The station missed RR-1.", "missed"), ("2 Runs in a row", "runs in a row")],
)
def test_a_forbidden_english_word_is_found(text: str, word: str) -> None:
    assert [found.split(":")[0] for found in forbidden_in_english(text)] == [repr(word)]


@pytest.mark.parametrize("text", ["工位漏检", "旁路中", "未关闭的遏制"])
def test_a_forbidden_chinese_word_is_found(text: str) -> None:
    assert len(forbidden_in_chinese(text)) == 1
    assert forbidden_in_chinese("遏制单 C-1 未关闭") == []


def test_a_second_translation_is_found() -> None:
    assert otherwise_translated("Overdue 5 min", "超时 5 分钟") == [
        "'overdue' is 逾期: 超时 5 分钟"
    ]
    assert otherwise_translated("There is no scheduled check.", "没有该验证任务。") == []
