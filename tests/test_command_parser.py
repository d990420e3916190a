"""The command line speaks the reader's language, and its exits stay the same (decision 0042)."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from redrabbit.base.messages import terminal_texts
from redrabbit.base.sentence import Sentence
from redrabbit.cli import build_parser, main
from redrabbit.command_parser import known_again, wanted_language, wrapped

CHINESE = terminal_texts("zh")


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "zh", "overdue"], {}, "zh"),
        (["overdue", "--lang=zh"], {"LANG": "en_GB.UTF-8"}, "zh"),
        (["--lang", "en"], {"LC_ALL": "zh_CN.UTF-8"}, "en"),
        (["--lang"], {"LANG": "zh_CN"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"),
        ([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {}, "en"),
    ],
)
def test_language_is_asked_for_or_the_environments(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert wanted_language(arguments, environment) == language


def declared(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield every text that a parser and its commands show."""
    yield parser.description or ""
    for action in parser._actions:
        yield action.help or ""
        if isinstance(action, argparse._SubParsersAction):
            yield from (named.help or "" for named in action._choices_actions)
            for command in action.choices.values():
                yield from declared(command)


def test_every_help_text_has_its_chinese() -> None:
    texts = {
        text.template if isinstance(text, Sentence) else text
        for text in declared(build_parser())
        if text and text is not argparse.SUPPRESS
    }
    assert len(texts) > 50
    assert sorted(texts - CHINESE.keys()) == []


@pytest.mark.parametrize("command", ["", "serve", "export", "verify", "accept-loss"])
def test_help_is_in_chinese(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([command] if command else []), "--help", "--lang", "zh"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert told.startswith("用法：redrabbit")
    assert "选项:" in told
    assert "show this help" not in told


def test_no_command_at_all_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "check-config" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lang", "zh", "nosuch"], "不在可选项中"),
        (["--lang", "zh", "export"], "缺少参数"),
        (["--lang", "zh", "serve", "--port", "x"], "不是端口；应为 0 到 65535"),
        (["--lang", "zh", "serve", "--most-streams", "0"], "不是有效的上限"),
        (["--lang", "zh", "verify", "a", "b"], "无法识别的参数：b"),
        (["--lang", "zh", "verify", "--proof"], "需要一个值"),
        (["--lang", "zh", "export", "--from", "x"], "不是 ISO 8601 时间"),
        (["--lang", "zh", "export", "--from", "2026-11-22T06:00:00"], "没有时区"),
        (["--lang", "zh", "overdue", "--da", "y"], "不明确"),
        (["--lang", "zh", "demo", "--seed", "x"], "不是有效的 int 值"),
        (["--lang", "fr"], "choose from"),
    ],
)
def test_a_wrong_command_is_told_in_the_language(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_text_that_argparse_may_say_one_day_stays_as_it_is() -> None:
    assert known_again("something new") == "something new"


def test_problems_of_a_configuration_are_told_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "zh", "init", str(tmp_path / "plant")]) == 0
    assert capsys.readouterr().out.startswith("已写入 ")
    assert main(["--lang", "zh", "check-config", str(tmp_path / "plant")]) == 0
    assert "没有问题（产线：" in capsys.readouterr().out
    assert main(["--lang", "zh", "check-config", str(tmp_path / "nowhere")]) == 1
    told = capsys.readouterr().err
    assert "没有该文件夹；应为：含有 plant.yaml 的文件夹" in told


def test_a_missing_database_is_told_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere.sqlite3'}"
    assert main(["--lang", "zh", "overdue", "--database", url]) == 1
    assert "没有该数据库" in capsys.readouterr().err
    assert main(["--lang", "zh", "verify", str(tmp_path / "nowhere.export")]) == 3
    assert "没有该文件或文件夹" in capsys.readouterr().err


def test_chinese_is_broken_where_a_terminal_ends() -> None:
    """A Chinese character takes two columns, and a mark never begins a line."""
    lines = wrapped("校验数据库、导出文件或存证，例如 sqlite:///plant.sqlite3", 26)
    assert [len(line.encode("gbk")) <= 28 for line in lines] == [True] * len(lines)
    assert (
        "".join(lines).replace(" ", "") == "校验数据库、导出文件或存证，例如sqlite:///plant.sqlite3"
    )
    assert not any(line[0] in "、，" for line in lines)
