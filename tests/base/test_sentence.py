"""What commands say is English by itself, and has its Chinese (D17, decision 0042)."""

import ast
import copy
import errno
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import redrabbit
from redrabbit.base.messages import terminal_texts
from redrabbit.base.printable import complain, put_out, speaking, spoken
from redrabbit.base.sentence import Sentence, said, sentence, system_words, words_of
from redrabbit.domain.findings import TEXTS

PACKAGE = Path(redrabbit.__file__).parent
CHINESE = terminal_texts("zh")
PLACEHOLDER = re.compile(r"\{[a-z_0-9]+(?:![rs])?(?::[^}]*)?\}")


def templates() -> Iterator[tuple[str, str]]:
    """Yield every sentence of the product with the place where it stands."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="sentence"), args=[ast.Constant(value=str(text)), *_]
                ):
                    yield text, f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"


def test_every_sentence_has_its_chinese() -> None:
    found = [*templates(), *((text, "findings") for text in TEXTS.values())]
    assert len(found) > 400
    assert [f"{place} {text}" for text, place in found if text not in CHINESE] == []


def test_english_and_chinese_have_the_same_values() -> None:
    known = {text for text, _ in templates()} | set(TEXTS.values())
    unlike = {
        english: chinese
        for english, chinese in CHINESE.items()
        if english in known
        and sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(chinese))
    }
    assert unlike == {}


def test_a_sentence_is_its_english() -> None:
    made = sentence("{file}: {problem}", file="plant.key", problem=sentence("text in UTF-8"))
    assert made == "plant.key: text in UTF-8"
    assert said(made, "en") == str(made)
    assert type(said(made, "en")) is str


def test_a_sentence_within_a_sentence_is_said_in_the_language_too() -> None:
    made = sentence("{n} found", n=3)
    assert (
        said(sentence("{place}: {what}", place="ledger[3]", what=made), "zh")
        == "ledger[3]：发现 3 处"
    )


def test_values_stand_as_they_are() -> None:
    """A station may be called `all`, which is a word of the program, too."""
    assert "all" in CHINESE
    assert said(sentence("key: {key}", key="all"), "zh") == "公钥：all"


def test_what_has_no_translation_is_said_in_english() -> None:
    assert said(Sentence("no such sentence of {n}", {"n": 2}), "zh") == "no such sentence of 2"
    assert said("no sentence", "zh") == "no sentence"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_sentence_goes_through_processes(again: object) -> None:
    assert callable(again)
    made = again(sentence("{n} found", n=2))
    assert (str(made), said(made, "zh")) == ("2 found", "发现 2 处")


def test_an_error_keeps_its_sentence() -> None:
    error = ValueError(sentence("{n} found", n=1))
    assert str(error) == "1 found"
    assert said(words_of(error), "zh") == "发现 1 处"
    assert words_of(ValueError("plain", 2)) == "('plain', 2)"


def test_words_of_the_system_have_their_chinese() -> None:
    error = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    assert said(system_words(error), "zh") == "没有该文件或文件夹"
    own = OSError(errno.EFBIG, sentence("an empty file"))
    assert said(system_words(own), "zh") == "空文件"


def test_a_terminal_is_spoken_to_in_one_language(capsys: pytest.CaptureFixture[str]) -> None:
    with speaking("zh"):
        put_out(sentence("unaltered"), "plain")
        complain(sentence("{n} found", n=1))
    put_out(sentence("unaltered"))
    assert spoken() == "en"
    told = capsys.readouterr()
    assert told.out == "未被改动\nplain\nunaltered\n"
    assert told.err == "发现 1 处\n"
