"""How to serve is said by a file and by the command line, and the command line wins."""

from pathlib import Path
from typing import Any

import pytest

from redrabbit.base.database_address import VARIABLE, WrongAddress
from redrabbit.base.settings import ServeSettings, WebLimits, network_of
from redrabbit.cli import build_parser
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.serve_options import KEYS, LIMITS, WrongOptions, serve_settings

DATABASE = "sqlite:///plant.sqlite3"
MINIMAL = ("--config", "plant", "--database", DATABASE)


def served(*arguments: str, environment: dict[str, str] | None = None) -> ServeSettings:
    options = build_parser().parse_args(["serve", *arguments])
    return serve_settings(vars(options), options.settings, environment or {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "serve.yaml"
    path.write_text(
        "config: of-file\ndatabase: sqlite:///of-file\nhost: 192.0.2.7\nport: 8443\n"
        "trust_network: false\nlook_only: false\nown_certificate: false\ntls_cert: of-file\ntls_key: of-file\nallow_host: [of-file]\nbehind_proxy: [192.0.2.9, 192.0.2.16/28]\nmetrics: false\nkey: of-file\n"
        "plain_logs: true\nmost_connections: 90\nmost_connections_per_client: 9\nmost_streams: 80\n"
        "most_streams_per_client: 8\nheader_deadline_s: 5\nbody_deadline_s: 6\n",
        encoding="utf-8",
    )
    return path


def test_every_option_of_serve_has_its_key() -> None:
    options = vars(build_parser().parse_args(["serve"])).keys() - {
        "settings",
        "command",
        "plant_renamed",
    }
    assert options == set(KEYS), "a new name of the plant is said for one start"


def test_what_nobody_says_is_the_default() -> None:
    assert served(*MINIMAL) == ServeSettings(config_dir=Path("plant"), database_url=DATABASE)


def test_the_file_says_how_to_serve(file: Path) -> None:
    assert served("--settings", str(file)) == ServeSettings(
        config_dir=Path("of-file"),
        database_url="sqlite:///of-file",
        host="192.0.2.7",
        port=8443,
        tls_cert=Path("of-file"),
        tls_key=Path("of-file"),
        allowed_hosts=("of-file",),
        behind_proxy=(network_of("192.0.2.9"), network_of("192.0.2.16/28")),
        metrics=False,
        key_file=Path("of-file"),
        plain_logs=True,
        web_limits=WebLimits(
            most_connections=90,
            most_connections_per_client=9,
            most_streams=80,
            most_streams_per_client=8,
            header_deadline_s=5,
            body_deadline_s=6,
        ),
    )


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--config", "line"], "config_dir", Path("line")),
        (["--database", "sqlite:///line"], "database_url", "sqlite:///line"),
        (["--host", "127.0.0.1"], "host", "127.0.0.1"),
        (["--port", "0"], "port", 0),
        (["--allow-host", "a", "--allow-host", "b"], "allowed_hosts", ("a", "b")),
        (
            ["--behind-proxy", "::1,192.0.2.9", "--behind-proxy", "192.0.2.0/30"],
            "behind_proxy",
            (network_of("::1"), network_of("192.0.2.9"), network_of("192.0.2.0/30")),
        ),
        (["--look-only"], "look_only", True),
        (["--tls-cert", "line"], "tls_cert", Path("line")),
        (["--tls-key", "line"], "tls_key", Path("line")),
        (["--metrics"], "metrics", True),
        (["--key", "line"], "key_file", Path("line")),
        (["--no-plain-logs"], "plain_logs", False),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_the_command_line_wins(file: Path, arguments: list[str], name: str, value: Any) -> None:
    assert getattr(served("--settings", str(file), *arguments), name) == value
    assert getattr(served("--settings", str(file)), name) != value


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_of_the_pages_can_be_said(file: Path, limit: str) -> None:
    option = f"--{limit.replace('_', '-')}"
    limits = served("--settings", str(file), "--most-connections", "89", option, "81").web_limits
    assert getattr(limits, limit) == 81
    assert getattr(served("--settings", str(file)).web_limits, limit) not in {81, 89}


@pytest.mark.parametrize("number", ["0", "-1", "x", "10001", "1.5"])
def test_a_limit_that_is_none_is_refused(
    number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        served(*MINIMAL, "--most-streams", number)
    assert f"{number!r} is no limit" in capsys.readouterr().err
    path = tmp_path / "serve.yaml"
    path.write_text(f"most_streams: {number}\n", encoding="utf-8")
    with pytest.raises(ConfigurationProblems, match="from 1 to 10000"):
        served("--settings", str(path), *MINIMAL)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("office", "no address or network"),
        ("192.0.2.9/24", "has host bits set"),
        ("0.0.0.0/0", "is every address"),
        ("::/0", "is every address"),
        ("192.0.2.9,", "no address or network"),
    ],
)
def test_a_proxy_that_is_no_address_or_everybody_s_is_refused(
    network: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        served(*MINIMAL, "--behind-proxy", network)
    assert words in capsys.readouterr().err
    path = tmp_path / "serve.yaml"
    path.write_text(f"behind_proxy: ['{network}']\n", encoding="utf-8")
    with pytest.raises(ConfigurationProblems, match=words):
        served("--settings", str(path), *MINIMAL)


def test_streams_leave_connections_for_pages() -> None:
    with pytest.raises(WrongOptions, match="fewer streams than connections"):
        served(*MINIMAL, "--most-connections", "100", "--most-streams", "100")


def test_a_database_file_on_the_command_line_puts_aside_the_files_database(
    file: Path, tmp_path: Path
) -> None:
    address = tmp_path / "address"
    address.write_text(DATABASE, encoding="utf-8")
    address.chmod(0o600)
    found = served("--settings", str(file), "--database-file", str(address))
    assert found.database_url == DATABASE


def test_a_database_named_by_file_and_environment_is_one_too_many(file: Path) -> None:
    with pytest.raises(WrongAddress, match=rf"found `database` in .*serve.yaml and {VARIABLE}"):
        served("--settings", str(file), environment={VARIABLE: DATABASE})


def test_a_plant_must_be_named() -> None:
    with pytest.raises(WrongOptions, match="expected --config DIR"):
        served("--database", DATABASE)


def test_other_machines_are_kept_out_whoever_says_the_address(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text("host: 0.0.0.0\n", encoding="utf-8")
    with pytest.raises(WrongOptions, match="--own-certificate"):
        served("--settings", str(path), *MINIMAL)


def test_no_password_is_in_what_a_log_may_show_of_the_settings() -> None:
    url = "postgresql://rr:PgSecret99@db/rr"
    found = served("--config", "plant", environment={VARIABLE: url})
    assert found.database_url == url
    assert "PgSecret99" not in repr(found)


def test_a_problem_of_the_file_is_told_before_anything_begins(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text("prot: 1\n", encoding="utf-8")
    with pytest.raises(ConfigurationProblems, match="did you mean 'port'"):
        served("--settings", str(path), *MINIMAL)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tls-cert", "a"], "found --tls-cert without --tls-key"),
        (["--tls-key", "a"], "found --tls-key without --tls-cert"),
        (["--tls-cert", "a", "--tls-key", "b", "--own-certificate"], "expected one of the two"),
        (["--host", "0.0.0.0", "--trust-network"], "people sign in now"),
        (["--look-only", "--trust-network"], "people sign in now"),
        (["--host", "0.0.0.0"], "--look-only"),
    ],
)
def test_what_contradicts_itself_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(WrongOptions, match=words):
        served(*MINIMAL, *arguments)


def test_pages_are_encrypted_where_a_certificate_is_named() -> None:
    assert served(*MINIMAL, "--own-certificate").is_encrypted
    assert served(*MINIMAL, "--tls-cert", "a", "--tls-key", "b").is_encrypted
    assert not served(*MINIMAL).is_encrypted


@pytest.mark.parametrize(
    "more",
    [
        ["--own-certificate"],
        ["--tls-cert", "a", "--tls-key", "b"],
        ["--behind-proxy", "192.0.2.9"],
        ["--look-only"],
    ],
)
def test_other_machines_are_let_in_where_nobody_reads_along_or_they_only_look(
    more: list[str],
) -> None:
    assert served(*MINIMAL, "--host", "0.0.0.0", *more).host == "0.0.0.0"
