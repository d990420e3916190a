"""The service's own authority: bound to the plant, its key for one machine, its certificates in time (D45)."""

import socket
import ssl
import stat
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from redrabbit.base.authority import (
    NOT_ROUTED,
    Authority,
    AuthorityFiles,
    AuthorityUnusable,
    make_authority,
    names_of,
    read_authority,
    readable_name,
    renew_if_due,
)
from redrabbit.base.certificates import read_certificate
from redrabbit.base.clock import SteadyClock
from redrabbit.base.private_files import replace_private

NAMES = ("rabbit.plant.example", "192.168.1.5", "203.0.113.9")
NOW = SteadyClock().now()
"""Of today, because TLS itself asks the machine's clock."""


@pytest.fixture
def files(tmp_path: Path) -> AuthorityFiles:
    return AuthorityFiles.beside(tmp_path / "plant.sqlite3.key")


def made(files: AuthorityFiles, names: Sequence[str] = NAMES, now: datetime = NOW) -> Authority:
    authority = make_authority(files, "plant", names, now)
    replace_private(files.server, authority.server_pem(names, now))
    return authority


def trusted(files: AuthorityFiles, name: str) -> str:
    """Return why a tablet that has installed the authority doesn't trust this name, empty if it does."""
    server, client = socket.socketpair()
    context = read_certificate(files.server, files.server).context

    def serve() -> None:
        with suppress(OSError):
            context.wrap_socket(server, server_side=True).close()

    serving = threading.Thread(target=serve)
    serving.start()
    with client:
        try:
            tablet = ssl.create_default_context(cafile=str(files.certificate))
            tablet.wrap_socket(client, server_hostname=name).close()
        except ssl.SSLError as error:
            return str(error)
        finally:
            client.close()
            serving.join()
            server.close()
    return ""


@pytest.mark.parametrize("name", [*NAMES, "localhost", "127.0.0.1", "::1"])
def test_a_tablet_that_installed_the_authority_trusts_the_server(
    files: AuthorityFiles, name: str
) -> None:
    made(files)
    assert trusted(files, name) == ""


@pytest.mark.parametrize(
    "names", [["localhost"], ["127.0.0.1"], ["::1"], ["localhost", "127.0.0.1"]]
)
def test_a_certificate_for_this_machine_only_has_a_name_and_is_renewed(
    files: AuthorityFiles, names: list[str]
) -> None:
    authority = made(files, names)
    assert names_of(files) == ("localhost",)
    assert all(trusted(files, name) == "" for name in names)
    assert renew_if_due(files, min(NOW + timedelta(days=390), authority.holds_until))
    assert names_of(files) == ("localhost",)


@pytest.mark.parametrize("name", ["bank.example", "example", "8.8.8.8", "2001:db8::1"])
def test_whoever_steals_the_authority_s_key_can_be_no_other_site(
    files: AuthorityFiles, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Constraints in the certificate itself: OpenSSL judges, not our own `may_name`."""
    authority = made(files)
    assert not authority.may_name(name)
    with pytest.raises(AuthorityUnusable, match="--new-authority"):
        authority.server_pem([name], NOW)
    monkeypatch.setattr(Authority, "may_name", lambda *_: True)
    replace_private(files.server, authority.server_pem([name], NOW))
    assert "permitted subtree violation" in trusted(files, name)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("rabbit.plant.example", True),
        ("board.rabbit.plant.example", True),
        ("notrabbit.plant.example", False),
        ("plant.example", False),
        ("10.1.2.3", True),
        ("203.0.113.9", True),
        ("203.0.113.10", False),
        ("fd12::7", True),
    ],
)
def test_it_names_the_plant_s_hosts_and_inside_addresses(
    files: AuthorityFiles, name: str, may: bool
) -> None:
    assert made(files).may_name(name) is may


def test_an_authority_without_host_names_names_no_host(files: AuthorityFiles) -> None:
    """A kind of name that constraints leave out would be free."""
    authority = made(files, ["192.168.1.5"])
    assert not authority.may_name("bank.example")
    assert authority.may_name("localhost")
    assert not made(files, ["rabbit.plant.example"]).may_name("8.8.8.8")
    assert len(NOT_ROUTED) == 8


def test_keys_are_for_their_owner_only(files: AuthorityFiles) -> None:
    made(files)
    for path in (files.key, files.server):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "PRIVATE KEY" in path.read_text()
    assert "PRIVATE KEY" not in files.certificate.read_text()
    assert files.key.name == "plant.sqlite3.authority.key"


def test_what_was_made_is_read_again(files: AuthorityFiles) -> None:
    assert read_authority(files) is None
    assert names_of(files) == ()
    authority = made(files)
    again = read_authority(files)
    assert again is not None
    assert again.fingerprint == authority.fingerprint
    assert len(again.fingerprint) == 32 * 3 - 1
    assert set(names_of(files)) == set(NAMES)


def test_a_certificate_is_made_anew_within_ninety_days_of_its_end(files: AuthorityFiles) -> None:
    made(files)
    before = files.server.read_bytes()
    assert not renew_if_due(files, NOW + timedelta(days=300))
    assert files.server.read_bytes() == before
    later = NOW + timedelta(days=308)
    assert renew_if_due(files, later)
    assert set(names_of(files)) == set(NAMES)
    found = read_certificate(files.server, files.server)
    assert found.not_after == (later + timedelta(days=397)).replace(microsecond=0)
    assert not renew_if_due(files, later)


def test_nothing_outlives_its_authority(files: AuthorityFiles) -> None:
    authority = made(files)
    near = authority.holds_until - timedelta(days=10)
    assert renew_if_due(files, near)
    assert read_certificate(files.server, files.server).not_after == authority.holds_until
    assert not renew_if_due(files, near)


@pytest.mark.parametrize("damage", ["key", "certificate", "other key", "exposed", "no key", "rsa"])
def test_an_authority_that_is_damaged_is_never_replaced_silently(
    files: AuthorityFiles, tmp_path: Path, damage: str
) -> None:
    made(files)
    match damage:
        case "key":
            replace_private(files.key, b"x")
        case "certificate":
            replace_private(files.certificate, b"x")
        case "other key":
            other = AuthorityFiles.beside(tmp_path / "other.key")
            made(other)
            replace_private(files.key, other.key.read_bytes())
        case "exposed":
            files.key.chmod(0o644)
        case "no key":
            files.key.unlink()
        case "rsa":
            replace_private(files.key, rsa_key())
    before = files.certificate.read_bytes()
    with pytest.raises(AuthorityUnusable):
        read_authority(files)
    with pytest.raises(AuthorityUnusable):
        renew_if_due(files, NOW)
    assert files.certificate.read_bytes() == before


def rsa_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_certificate_of_nobody_is_not_renewed(files: AuthorityFiles) -> None:
    with pytest.raises(AuthorityUnusable, match="redrabbit certificate"):
        renew_if_due(files, NOW)
    made(files)
    replace_private(files.server, b"x")
    with pytest.raises(AuthorityUnusable, match="holds no certificate"):
        names_of(files)
    with pytest.raises(AuthorityUnusable, match="redrabbit certificate"):
        renew_if_due(replace(files, server=files.server.with_name("none")), NOW)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Rabbit.Plant.example.", "rabbit.plant.example"),
        ("rabbit", "rabbit"),
        ("192.168.1.5", "192.168.1.5"),
        ("[FD00::5]", "fd00::5"),
    ],
)
def test_a_host_is_named_as_certificates_have_it(text: str, name: str) -> None:
    assert readable_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "*.plant.example", "http://rabbit", "a b", "-a", "厂", "a" * 64]
)
def test_what_is_no_host_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no host name or address"):
        readable_name(text)
