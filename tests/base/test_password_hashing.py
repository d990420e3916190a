"""Passwords are hashed slowly, two at once, under a pepper that the database has not."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from redrabbit.base.common_passwords import common_passwords
from redrabbit.base.local_secret import new_local_secret
from redrabbit.base.password_hashing import (
    AT_ONCE,
    MOST_WAITING,
    PasswordHashing,
    TooManyWaiting,
)

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def hashing() -> Iterator[PasswordHashing]:
    made = PasswordHashing(new_local_secret(), QUICK)
    yield made
    made.close()


async def test_a_password_fits_its_hash_and_no_other(hashing: PasswordHashing) -> None:
    kept = await hashing.hash("kettle umbrella")
    assert await hashing.fits(kept, "kettle umbrella")
    assert not await hashing.fits(kept, "kettle umbrelle")
    assert kept != await hashing.hash("kettle umbrella")
    assert "kettle" not in kept


async def test_nobody_has_a_password(hashing: PasswordHashing) -> None:
    assert not await hashing.fits(None, "nobody has this password")


async def test_without_the_pepper_the_right_password_fits_nothing(
    hashing: PasswordHashing, caplog: pytest.LogCaptureFixture
) -> None:
    kept = await hashing.hash("kettle umbrella")
    other = PasswordHashing(new_local_secret(), QUICK)
    with caplog.at_level(logging.ERROR):
        assert not await other.fits(kept, "kettle umbrella")
    other.close()
    assert "another pepper" in caplog.text


async def test_what_can_not_be_read_fits_nothing_and_is_told(
    hashing: PasswordHashing, caplog: pytest.LogCaptureFixture
) -> None:
    kept = await hashing.hash("kettle umbrella")
    assert not await hashing.fits(kept[:30], "kettle umbrella")
    assert "can't be read" in caplog.text


async def test_any_text_can_be_tried(hashing: PasswordHashing) -> None:
    assert not await hashing.fits(None, "lone \ud800 surrogate")


async def test_the_product_takes_nineteen_mebibytes_and_two_passes() -> None:
    made = PasswordHashing(new_local_secret())
    kept = await made.hash("kettle umbrella")
    made.close()
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in kept


class Held(PasswordHasher):
    """Hashes once it is let."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.let, self.most, self._running = threading.Event(), 0, 0
        self.let.set()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self._running += 1
        self.most = max(self.most, self._running)
        self.let.wait(60)
        self._running -= 1
        return super().hash(password, salt=salt)


async def test_no_more_than_two_are_hashed_at_once_and_few_wait() -> None:
    held = Held()
    made = PasswordHashing(new_local_secret(), held)
    held.let.clear()
    asked = [asyncio.create_task(made.hash("kettle umbrella")) for _ in range(MOST_WAITING)]
    done, _ = await asyncio.wait(asked, timeout=0)
    assert not done
    with pytest.raises(TooManyWaiting):
        await made.hash("kettle umbrella")
    held.let.set()
    assert len(set(await asyncio.gather(*asked))) == MOST_WAITING
    assert held.most <= AT_ONCE
    made.close()


def test_the_list_of_known_passwords_is_part_of_the_software() -> None:
    assert len(common_passwords()) == 18_054
    assert {"password", "123456", "qwertyuiop"} <= common_passwords()
