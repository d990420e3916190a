"""What is wrong with a command is told in one line, without a traceback."""

import pytest

from redrabbit.cli import main


@pytest.mark.parametrize("port", ["70000", "-1", "http", "", "²"])
def test_a_port_that_is_none_is_refused_before_anything_begins(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--config", "nowhere", "--database", "sqlite:///x", "--port", port])
    assert ended.value.code == 2
    assert "expected 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["postgresql+nosuch://host/plant", "mysql://host/plant", "plant.db"]
)
def test_an_address_of_no_database_is_told_in_words(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["overdue", "--database", url]) == 1
    assert "expected sqlite:///PATH or postgresql://HOST/NAME" in capsys.readouterr().err
