"""The certificate of the pages: what can't be used is told in words, and what will end in time (D45)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import TLSVersion

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from redrabbit.base.authority import AuthorityFiles, make_authority
from redrabbit.base.certificates import CertificateUnusable, read_certificate, said_of
from redrabbit.base.private_files import replace_private

NOW = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
NAMES = ("rabbit.plant.example", "192.168.1.5")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("authority")
    authority = make_authority(AuthorityFiles.beside(folder / "plant.key"), "x", NAMES, NOW)
    return authority.server_pem(NAMES, NOW)


@pytest.fixture
def file(tmp_path: Path, pem: bytes) -> Path:
    path = tmp_path / "server.pem"
    replace_private(path, pem)
    return path


def test_a_certificate_is_read_with_its_names_and_its_end(file: Path) -> None:
    found = read_certificate(file, file)
    assert set(NAMES) < set(found.names)
    assert found.not_after == NOW + timedelta(days=397)
    assert found.context.minimum_version == TLSVersion.TLSv1_2
    assert said_of(found, NOW, NAMES) == []


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOW - timedelta(days=2), "holds from 2026-11-26 07:00 UTC only"),
        (NOW + timedelta(days=367), "ends at 2027-12-29 07:00 UTC, in 30 days"),
        (NOW + timedelta(days=396), "in 1 days"),
        (NOW + timedelta(days=397), "ended at 2027-12-29 07:00 UTC"),
    ],
)
def test_what_keeps_browsers_from_it_is_said(file: Path, now: datetime, words: str) -> None:
    (said,) = said_of(read_certificate(file, file), now, NAMES)
    assert words in said


def test_nothing_is_said_before_thirty_days(file: Path) -> None:
    assert said_of(read_certificate(file, file), NOW + timedelta(days=366), NAMES) == []


def test_a_name_that_it_does_not_hold_for_is_said(file: Path) -> None:
    found = read_certificate(file, file)
    (said,) = said_of(found, NOW, ["RABBIT.plant.example", "[::1]", "board.plant.example"])
    assert said.endswith("and not for board.plant.example")


def test_a_key_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(CertificateUnusable, match="chmod 600"):
        read_certificate(file, file)


def test_a_key_of_another_certificate_is_refused(file: Path, tmp_path: Path) -> None:
    files = AuthorityFiles.beside(tmp_path / "other.key")
    make_authority(files, "x", NAMES, NOW)
    with pytest.raises(CertificateUnusable, match="not that of the certificate"):
        read_certificate(file, files.key)


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(
    file: Path, tmp_path: Path
) -> None:
    key = load_pem_private_key(file.read_bytes(), None)
    locked = BestAvailableEncryption(b"x")
    path = tmp_path / "locked.key"
    replace_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    with pytest.raises(CertificateUnusable, match="encrypted"):
        read_certificate(file, path)


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        (b"", None, "found no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", None, "no certificate"),
        (None, b"no key", "found no key"),
        (b"x" * 500_001, None, "larger than 500 kB"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(
    file: Path, tmp_path: Path, certificate: bytes | None, key: bytes | None, words: str
) -> None:
    paths = []
    for name, content in (("certificate", certificate), ("key", key)):
        path = tmp_path / name
        replace_private(path, file.read_bytes() if content is None else content)
        paths.append(path)
    with pytest.raises(CertificateUnusable, match=words):
        read_certificate(*paths)


def test_a_file_that_is_not_there_is_told_as_such(file: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_certificate(tmp_path / "none", file)
