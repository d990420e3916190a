"""`redrabbit certificate` and `serve --own-certificate`, as a plant without a public name meets them (D45)."""

import asyncio
import signal
import ssl
from pathlib import Path

import httpx2
import pytest

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import CLOCK, LIMIT_S, LOOK_S, Service, redrabbit

pytestmark = [pytest.mark.acceptance]


async def watching(service: Service) -> str:
    """Wait until the service watches; return where it is reached."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            for line in service.lines():
                if line["message"] == "watching":
                    return str(line["url"])
            assert not service.has_ended, service.log
            await CLOCK.sleep(LOOK_S)


async def test_a_tablet_that_installed_the_authority_reaches_the_service_encrypted(
    tmp_path: Path, template: Path
) -> None:
    database = tmp_path / "plant.sqlite3"
    told = redrabbit("certificate", "rabbit.plant.example", "--database", sqlite_url(database))
    assert told.returncode == 0, told.stderr
    authority = tmp_path / "plant.sqlite3.authority.crt"
    assert "http://rabbit.plant.example:8080/certificate" in told.stdout
    assert "█" in told.stdout
    with Service.serve(tmp_path, template, database, "--own-certificate") as service:
        url = await watching(service)
        assert url.startswith("https://127.0.0.1:")
        trusts = ssl.create_default_context(cafile=str(authority))
        async with httpx2.AsyncClient(base_url=url, verify=trusts, timeout=LIMIT_S) as tablet:
            assert (await tablet.get("/health")).json()["status"] == "alive"
            board = await tablet.get("/")
            assert "__Host-rr_form" in board.headers["set-cookie"]
            assert "redrabbit_certificate_seconds_left" in (await tablet.get("/metrics")).text
        async with httpx2.AsyncClient(timeout=LIMIT_S) as stranger:
            with pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
                await stranger.get(f"{url}/health")
            plain = url.replace("https:", "http:")
            installs = await stranger.get(f"{plain}/certificate/authority.crt")
            assert ssl.DER_cert_to_PEM_cert(installs.content) == authority.read_text()
            led = await stranger.get(f"{plain}/due", follow_redirects=False)
            assert led.headers["location"] == f"{url}/due"
        assert await service.stopped(signal.SIGTERM) == 0
    again = redrabbit("certificate", "--database", sqlite_url(database))
    assert again.stdout == told.stdout


def test_what_can_t_be_served_with_is_told_in_one_line(tmp_path: Path, template: Path) -> None:
    url = sqlite_url(tmp_path / "plant.sqlite3")
    serving = ("serve", "--config", template, "--database", url, "--port", 0)
    for more, words in (
        (["--own-certificate"], "redrabbit certificate"),
        (
            ["--tls-cert", template / "plant.yaml", "--tls-key", template / "plant.yaml"],
            "chmod 600",
        ),
        (["--tls-cert", tmp_path / "none", "--tls-key", tmp_path / "none"], "No such file"),
    ):
        told = redrabbit(*serving, *more)
        assert told.returncode == 1, more
        assert words in told.stderr
        assert told.stderr.count("\n") == 1, told.stderr
    assert list(tmp_path.glob("plant.sqlite3*")) == []


def test_a_certificate_needs_names_once_and_no_other_site_s(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "plant.sqlite3")
    nothing = redrabbit("certificate", "--database", url)
    assert nothing.returncode == 1
    assert "expected the names" in nothing.stderr
    assert redrabbit("certificate", "rabbit.plant", "--database", url).returncode == 0
    other = redrabbit("certificate", "bank.example", "--database", url)
    assert other.returncode == 1
    assert "--new-authority" in other.stderr
    anew = redrabbit("certificate", "bank.example", "--new-authority", "--database", url)
    assert anew.returncode == 0
    assert redrabbit("certificate", "a b", "--database", url).returncode == 2
