"""Fakes that several test rooms share; each implements a port of the product (append only)."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


class JumpClock:
    """A clock on which waiting takes no time: `sleep` jumps ahead and lets others run.

    For links over real sockets: their polls follow each other at once, at the instants at which
    they would have been due.
    """

    def __init__(self, start: datetime = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._steady_s = 0.0
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass, or set the clock back."""
        self._now += timedelta(seconds=seconds)
        self._steady_s += max(0.0, seconds)

    def steady_s(self) -> float:
        return self._steady_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.jump(max(0.0, seconds))
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(_wake, turn)
        await turn

    async def sleep_until(self, instant: datetime) -> None:
        await self.sleep((instant - self._now).total_seconds())

    def drift(self) -> timedelta:
        return timedelta(0)

    def reanchor(self) -> timedelta:
        return timedelta(0)

    def is_synchronised(self) -> bool:
        return False


def _wake(turn: "asyncio.Future[None]") -> None:
    if not turn.done():  # whoever waited was cancelled meanwhile
        turn.set_result(None)


@dataclass(frozen=True)
class ToyKey:
    """Signs and checks with a keyed hash, because the domain knows no cryptography."""

    name: str = "Suzhou-2/5f0c"
    key_id: bytes = b"key1"

    @property
    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}"

    @property
    def verifier(self) -> "ToyKey":
        return self

    def of_text(self, text: str) -> "ToyKey":
        name, _, key_id = text.rpartition("+")
        if not name or not key_id:
            raise ValueError(f"{text!r} is no key")
        return ToyKey(name=name, key_id=bytes.fromhex(key_id))

    def sign(self, content: bytes) -> bytes:
        return hashlib.sha256(self.name.encode() + self.key_id + content).digest()

    def verify(self, content: bytes, signature: bytes) -> bool:
        return signature == self.sign(content)
