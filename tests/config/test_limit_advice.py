"""A number that is compared with a limit is asked for its range; nothing is refused (D32, K8)."""

from pathlib import Path

import pytest

from redrabbit.config.plant import advice_on, load_plant
from redrabbit.config_commands import check_configuration
from tests.config.test_cases import BASE


def folder_with(tmp_path: Path, torque: str, detected: str, accepted: str) -> Path:
    """Return the base configuration with this torque signal and these conditions."""
    for source in BASE.iterdir():
        text = source.read_text(encoding="utf-8")
        if source.name == "press.yaml":
            text = text.replace("scale: 0.1, unit: N·m", f"scale: 0.1, unit: N·m{torque}")
            text = text.replace("detected: {rises: rejected}", f"detected: {detected}")
            text = text.replace("accepted: {rises: accepted}", f"accepted: {accepted}")
        (tmp_path / source.name).write_text(text, encoding="utf-8")
    return tmp_path


LIMIT, WINDOW = "{below: {torque: 20}}", "{between: {torque: [20, 30]}}"


@pytest.mark.parametrize(
    ("torque", "places"),
    [
        ("", ["press.yaml:22:17", "press.yaml:23:17"]),
        (", range: [0, 60]", []),
        (", invalid: [-1]", []),
    ],
)
def test_a_limit_asks_for_the_values_that_the_signal_can_have(
    tmp_path: Path, torque: str, places: list[str]
) -> None:
    folder = folder_with(tmp_path, torque, LIMIT, WINDOW)
    plant, advice = advice_on(folder)
    assert [str(each.place) for each in advice] == places
    assert plant == load_plant(folder)


@pytest.mark.parametrize(
    ("detected", "accepted"),
    [("{rises: rejected}", "{all: [{rises: accepted}, {above: {torque: 0}}]}")],
)
def test_check_config_prints_it_and_is_content(
    tmp_path: Path, detected: str, accepted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_configuration(folder_with(tmp_path, "", detected, accepted)) == 0
    advice, content = capsys.readouterr().out.splitlines()
    assert advice == (
        "press.yaml:23:17: advice: 'torque' is compared with a limit, whatever it tells; "
        "say range: [lowest, highest] of it, and invalid: its codes for no value"
    )
    assert content.startswith("Test plant: no problem (")


def test_a_configuration_without_limits_is_not_advised() -> None:
    assert advice_on(BASE)[1] == ()
