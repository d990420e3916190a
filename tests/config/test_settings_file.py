"""The file of `redrabbit serve --settings`: every problem at once, where it is, and no secret."""

from pathlib import Path

import pytest

from redrabbit.config.problem import ConfigurationProblems
from redrabbit.config.settings_file import SETTINGS, read_settings


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "serve.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ConfigurationProblems) as refused:
        read_settings(path)
    return [str(problem).removeprefix(str(path)) for problem in refused.value.problems]


def test_it_says_what_the_command_line_can_say(tmp_path: Path) -> None:
    text = """
config: plant
database: postgresql://rr@db.plant/redrabbit
host: 192.0.2.7
port: 8443
trust_network: false
allow_host: [rabbit.plant, board.plant]
metrics: false
key: /etc/redrabbit/plant.key
plain_logs: true
"""
    assert read_settings(file(tmp_path, text)) == {
        "config": Path("plant"),
        "database": "postgresql://rr@db.plant/redrabbit",
        "host": "192.0.2.7",
        "port": 8443,
        "trust_network": False,
        "allow_host": ["rabbit.plant", "board.plant"],
        "metrics": False,
        "key": Path("/etc/redrabbit/plant.key"),
        "plain_logs": True,
    }


def test_what_it_does_not_say_is_left_to_others(tmp_path: Path) -> None:
    assert read_settings(file(tmp_path, "port: 0\n")) == {"port": 0}


def test_every_problem_is_told_at_once_where_it_is(tmp_path: Path) -> None:
    text = "prot: 8080\nmetrics: no\nport: 70000\nallow_host: board\nhost:\n"
    assert problems_of(file(tmp_path, text)) == [
        f":1:1: unknown key 'prot'; expected one of {', '.join(SETTINGS.keys)}; did you mean 'port'?",
        ":2:10: found 'no'; expected true or false",
        ":3:7: found '70000'; expected a whole number from 0 to 65535",
        ":4:13: found 'board'; expected a list [a, b, …]",
        ":5:1: found nothing; expected an address",
    ]


@pytest.mark.parametrize(
    "url",
    ["postgresql://rr:PgSecret99@db/rr", "postgresql://db/rr?password=PgSecret99"],
)
def test_a_password_in_it_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    (problem,) = problems_of(file(tmp_path, f"database: {url}\n"))
    assert problem.startswith(":1:11: found a password; expected a URL without a password; name")
    assert "REDRABBIT_DATABASE" in problem
    assert "PgSecret99" not in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "an empty file"), ("- port\n", "found a list"), ("a: b: c\n", ":1:5")],
)
def test_what_is_no_mapping_is_refused(text: str, words: str, tmp_path: Path) -> None:
    assert words in problems_of(file(tmp_path, text))[0]


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    assert "No such file" in problems_of(tmp_path / "serve.yaml")[0]
    (tmp_path / "serve.yaml").write_bytes(b"host: \xff\n")
    assert "no text" in problems_of(tmp_path / "serve.yaml")[0]


def test_a_word_that_nobody_could_read_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """D24: a NUL in a path stops Python itself, and a password may stand in the text."""
    text = 'key: "plant\\0key"\ndatabase: "postgresql://rr:PgSecret99\\u200b@db/plant"\n'
    found = problems_of(file(tmp_path, text))
    assert found[0].startswith(":1:6: the character U+0000 at character 6; expected text")
    assert any("U+200B" in problem for problem in found)
    assert "PgSecret99" not in "".join(found)
