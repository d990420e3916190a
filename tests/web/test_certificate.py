"""How a tablet comes to trust the service's own authority (D45)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from redrabbit.base.authority import AuthorityFiles, make_authority
from redrabbit.base.private_files import replace_private
from redrabbit.web.access import AccessRules
from redrabbit.web.pages.certificate import DEVICES, installed_at
from redrabbit.web.tls import Tls, TlsFiles
from tests.fakes import JumpClock
from tests.showcase_story import BEGIN
from tests.web.conftest import Visitor, serve

NAMES = ["rabbit.plant.example", "192.168.1.5"]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder: Path = tmp_path_factory.mktemp("authority")
    files, clock = AuthorityFiles.beside(folder / "plant.key"), JumpClock(BEGIN)
    authority = make_authority(files, "x", NAMES, clock.now())
    replace_private(files.server, authority.server_pem(NAMES, clock.now()))
    return Tls(TlsFiles(certificate=files.server, key=files.server, own=files), clock)


@pytest.fixture(scope="module")
def tablet(tls: Tls) -> Iterator[Visitor]:
    """A tablet that trusts nothing yet, and asks in the clear."""
    rules = AccessRules.for_address("0.0.0.0", NAMES, look_only=True, encrypts=True)
    found = serve(rules, address="192.168.1.20", tls=tls)
    found.client.base_url = "http://rabbit.plant.example:8443"
    with found.client:
        yield found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_how_and_what_to_compare(tablet: Visitor, tls: Tls, language: str) -> None:
    page = tablet.text("/certificate", language)
    assert tls.authority is not None
    for group in tls.authority.fingerprint.split(":"):
        assert group in page
    assert page.count("<section") == 3 + len(DEVICES)
    assert "http://rabbit.plant.example:8443/certificate" in page
    assert 'href="https://rabbit.plant.example:8443/"' in page
    assert "data:image/svg+xml" in page
    assert "trust." not in page


def test_the_file_is_the_authority_without_its_key(tablet: Visitor, tls: Tls) -> None:
    answer = tablet.client.get("/certificate/authority.crt")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert tls.authority is not None
    assert x509.load_der_x509_certificate(answer.content) == tls.authority.certificate


def test_it_is_the_only_page_that_is_given_in_the_clear(tablet: Visitor) -> None:
    assert tablet.client.get("/static/base.css").status_code == 200
    for path in ("/", "/certificate/", "/certificate/server.pem", "/due"):
        assert tablet.client.get(path, follow_redirects=False).status_code == 308, path


def test_metrics_tell_how_long_the_certificate_holds(tls: Tls) -> None:
    metrics = serve(tls=tls).client.get("/metrics").text
    assert "redrabbit_certificate_seconds_left 3.4" in metrics
    assert "redrabbit_certificate" not in serve().client.get("/metrics").text


def test_where_somebody_else_made_the_certificate_there_is_no_such_page(onlooker: Visitor) -> None:
    for path in ("/certificate", "/certificate/authority.crt"):
        assert onlooker.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "port", "address"),
    [
        ("rabbit.plant.example", 8443, "http://rabbit.plant.example:8443/certificate"),
        ("fd00::5", None, "http://[fd00::5]/certificate"),
    ],
)
def test_the_picture_leads_to_the_page(name: str, port: int | None, address: str) -> None:
    assert installed_at(name, port) == address
