"""As whom this service is known to a broker: read from plant.yaml, which names secrets and holds none (D24)."""

from pathlib import Path

import pytest

from redrabbit.config.plant import load_plant
from redrabbit.config_commands import check_configuration
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.domain.station import BrokerAccess, BrokerTls, MqttLink
from tests.config.test_cases import BASE

BROKER = 'broker: {mqtt: "127.0.0.1:1883"'


def with_access(said: str, folder: Path) -> Path:
    for file in BASE.iterdir():
        text = file.read_text(encoding="utf-8").replace(BROKER, f"{BROKER}{said}")
        (folder / file.name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("said", "access"),
    [
        ("", BrokerAccess()),
        (", user: redrabbit", BrokerAccess(user="redrabbit")),
        (
            ", user: redrabbit, password_env: BROKER",
            BrokerAccess(user="redrabbit", password=SecretPlace(env="BROKER")),
        ),
        (", tls: {}", BrokerAccess(tls=BrokerTls())),
        (
            ", tls: {ca_file: /etc/ca.pem, certificate_file: /etc/own.pem, key_file: /etc/own.key}",
            BrokerAccess(
                tls=BrokerTls(
                    ca_file="/etc/ca.pem",
                    certificate_file="/etc/own.pem",
                    key_file="/etc/own.key",
                )
            ),
        ),
    ],
)
def test_each_station_of_a_broker_knows_how_it_is_reached(
    said: str, access: BrokerAccess, tmp_path: Path
) -> None:
    plant = load_plant(with_access(said, tmp_path))
    links = [station.link for station in plant.stations if isinstance(station.link, MqttLink)]
    assert [link.access for link in links] == [access] * len(links)
    assert links


@pytest.mark.parametrize(("tls", "is_advised"), [("", True), (", tls: {}", False)])
def test_a_password_on_a_way_that_is_not_encrypted_is_advised_against(
    tls: str, *, is_advised: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_access(f", user: redrabbit, password_env: BROKER{tls}", tmp_path)
    assert check_configuration(tmp_path) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "password" in line]
    assert [": advice: " in line for line in said] == [True] * is_advised
