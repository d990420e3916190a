"""The certificate in use: taken anew without a restart, warned of in time, and never lost (D45)."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from redrabbit.base.authority import AuthorityFiles, AuthorityUnusable, make_authority
from redrabbit.base.certificates import CertificateUnusable
from redrabbit.base.private_files import replace_private
from redrabbit.web.tls import LOOKED_AT_EVERY_S, Tls, TlsFiles
from tests.fakes import JumpClock

NAME = "rabbit.plant.example"
DAY = 24 * 3600.0


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
def own(tmp_path: Path, clock: JumpClock) -> AuthorityFiles:
    files = AuthorityFiles.beside(tmp_path / "plant.key")
    authority = make_authority(files, "x", [NAME], clock.now())
    replace_private(files.server, authority.server_pem([NAME], clock.now()))
    return files


def given(own: AuthorityFiles) -> TlsFiles:
    """Return the files as those of somebody else's authority."""
    return TlsFiles(certificate=own.server, key=own.server)


def renewed(own: AuthorityFiles, clock: JumpClock) -> None:
    """Let somebody put a new certificate in the old one's place."""
    authority = make_authority(own, "x", [NAME], clock.now())
    replace_private(own.server, authority.server_pem([NAME], clock.now()))


def told(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.levelno == level]
    caplog.clear()
    return found


def test_a_renewed_file_is_taken_without_a_restart(
    own: AuthorityFiles, clock: JumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tls = Tls(given(own), clock)
    before = tls.context
    tls.look()
    assert tls.context is before
    clock.jump(100 * DAY)
    renewed(own, clock)
    tls.look()
    assert tls.context is not before
    assert tls.seconds_left(clock.now()) == pytest.approx(397 * DAY, abs=1)
    assert told(caplog, logging.INFO) == ["another certificate is used from now on"]


def test_a_file_that_can_t_be_used_is_told_once_and_the_old_certificate_stays(
    own: AuthorityFiles, clock: JumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Tls(given(own), clock)
    before, good = tls.context, own.server.read_bytes()
    own.server.write_bytes(b"half written")
    for _ in range(3):
        tls.look()
    assert tls.context is before
    (error,) = told(caplog, logging.ERROR)
    assert "the certificate stays as it is" in error
    own.server.unlink()
    tls.look()
    assert len(told(caplog, logging.ERROR)) == 1
    replace_private(own.server, good)
    tls.look()
    assert told(caplog, logging.ERROR) == []
    assert tls.context is before


def test_its_end_is_warned_of_once_a_day_from_thirty_days_before(
    own: AuthorityFiles, clock: JumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Tls(given(own), clock)
    clock.jump(366 * DAY)
    tls.look()
    assert told(caplog, logging.WARNING) == []
    for _ in range(3 * 24):
        clock.jump(3600)
        tls.look()
    assert len(told(caplog, logging.WARNING)) == 3
    clock.jump(40 * DAY)
    tls.look()
    assert tls.seconds_left(clock.now()) < 0
    assert "ended at" in told(caplog, logging.WARNING)[0]


def test_one_that_has_ended_is_told_at_the_start_and_served(
    own: AuthorityFiles, clock: JumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A restart in the night must not end the watching of stations because of a date."""
    clock.jump(500 * DAY)
    tls = Tls(given(own), clock)
    assert tls.seconds_left(clock.now()) < 0
    assert "ended at" in told(caplog, logging.WARNING)[0]


def test_the_service_s_own_certificate_never_ends(
    own: AuthorityFiles, clock: JumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Tls(TlsFiles(certificate=own.server, key=own.server, own=own), clock, [NAME])
    assert tls.authority is not None
    for _ in range(30):
        clock.jump(30 * DAY)
        tls.look()
        assert tls.seconds_left(clock.now()) > timedelta(days=59).total_seconds()
    assert told(caplog, logging.WARNING) == []
    assert told(caplog, logging.ERROR) == []
    clock.jump(380 * DAY)
    assert Tls(TlsFiles(certificate=own.server, key=own.server, own=own), clock).seconds_left(
        clock.now()
    ) == pytest.approx(397 * DAY, abs=1)


def test_what_can_t_be_served_with_is_refused_at_the_start(
    own: AuthorityFiles, clock: JumpClock
) -> None:
    own.server.chmod(0o604)
    with pytest.raises(CertificateUnusable):
        Tls(given(own), clock)
    own.key.unlink()
    with pytest.raises(AuthorityUnusable):
        Tls(TlsFiles(certificate=own.server, key=own.server, own=own), clock)


async def test_it_is_looked_at_once_a_minute(own: AuthorityFiles) -> None:
    class Stops(Exception):
        pass

    class Minutes(JumpClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept_s) == 3:
                raise Stops

    minutes = Minutes()
    tls = Tls(given(own), minutes)
    with pytest.raises(Stops):
        await tls.keep()
    assert minutes.slept_s == [LOOKED_AT_EVERY_S] * 3
