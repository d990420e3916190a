"""One connection to an MQTT broker: aiomqtt wrapped, so that nothing else knows it.

aiomqtt is the renamed asyncio-mqtt. It does not reconnect: one session is one connection, and
`mqtt` opens the next. Rules:
- Clean sessions: what was published while nobody listened is history, never evidence (D7).
- QoS 1 with acknowledgement by us, once a message was taken in: so a broker never has more messages
  under way to us than it grants one client, however busy we are (B12).
- The queue of received messages is unbounded and measured: a bounded one drops messages, or stalls the
  subscription. Only messages of QoS 0 can make it long.
- Nothing is ever published (L9).

aiomqtt offers no public way to acknowledge (its issue 345) nor to bound or undo a connect that was
cut off; those few accesses to its inside are all here.

Source: aiomqtt 2.5 `client.py`, paho-mqtt 2 `client.py`; MQTT 3.1.1.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import aiomqtt

from redrabbit.domain.observation import Reason
from redrabbit.links.broker_login import ANYBODY, BrokerLogin
from redrabbit.links.errors import StationTrouble

TIMEOUT_S = 3.0
"""For connecting, subscribing and closing: a broker on a plant's network answers in milliseconds."""

_LOG = logging.getLogger("redrabbit.links.mqtt.client")


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came."""

    topic: str
    payload: bytes
    retained: bool
    number: int
    qos: int


class MqttSession:
    """Connects, subscribes, receives and acknowledges, once."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        identifier: str,
        keepalive_s: int,
        login: BrokerLogin = ANYBODY,
    ) -> None:
        # paho tells daily troubles at WARNING and ERROR, some with tracebacks; links report them.
        _LOG.setLevel(logging.CRITICAL)
        self._is_encrypted = login.tls is not None
        self._is_connecting = False
        self._client = aiomqtt.Client(
            host,
            port,
            username=login.user,
            password=login.password,
            tls_context=login.tls,
            identifier=identifier,
            clean_session=True,
            keepalive=keepalive_s,
            timeout=TIMEOUT_S,
            logger=_LOG,
        )
        self._paho = self._client._client  # noqa: SLF001  because there is no public way to it
        self._paho.manual_ack_set(True)
        self._paho.connect_timeout = TIMEOUT_S
        loop, noted = asyncio.get_running_loop(), self._paho.on_disconnect

        def disconnected(*told: Any) -> None:
            if noted is not None:
                noted(*told)
            loop.call_soon_threadsafe(self._hung_up)

        self._paho.on_disconnect = disconnected

    @property
    def queued(self) -> int:
        """Return how many received messages wait to be taken."""
        return len(self._client.messages)

    async def open(self, topics: Iterable[str]) -> None:
        """Connect and subscribe; StationTrouble if the broker does not let us."""
        try:
            await self._connect()
            wanted = [(topic, 1) for topic in topics]
            codes = await _cancellable(self._client.subscribe(wanted))
        except aiomqtt.MqttError as error:
            self._drop()
            raise StationTrouble(Reason.NOT_CONNECTED, f"MQTT broker: {error}") from None
        except asyncio.CancelledError:
            self._drop()
            raise
        refused = [code for code in codes if not isinstance(code, int) and code.is_failure]
        if refused:
            await self.close()
            detail = f"MQTT broker refuses {len(refused)} subscriptions: {refused[0]}"
            raise StationTrouble(Reason.NOT_CONNECTED, detail)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield messages; StationTrouble when the connection ends."""
        try:
            async for message in self._client.messages:
                yield Message(
                    topic=message.topic.value,
                    payload=bytes(message.payload),
                    retained=message.retain,
                    number=message.mid,
                    qos=message.qos,
                )
        except aiomqtt.MqttError as error:
            cause = error.__cause__ or error
            raise StationTrouble(Reason.NOT_CONNECTED, f"MQTT broker: {cause}") from None

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message has been dealt with."""
        self._paho.ack(message.number, message.qos)

    async def close(self) -> None:
        """Disconnect; at the latest after the timeout the socket is closed without the broker."""
        with suppress(aiomqtt.MqttError):
            try:
                await _cancellable(self._client.__aexit__(None, None, None))
            finally:
                self._drop()

    async def _connect(self) -> None:
        """Connect; if cancelled meanwhile, leave no thread and no socket behind.

        paho opens the socket in a thread that can't be stopped, so that is waited for.
        """
        self._is_connecting = True
        connecting = asyncio.ensure_future(self._client.__aenter__())
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            if self._paho.socket() is not None:
                connecting.cancel()
            await asyncio.wait({connecting})
            if not connecting.cancelled():
                connecting.exception()  # fetched, so that nobody complains that it was not
            raise
        finally:
            self._is_connecting = False

    def _hung_up(self) -> None:
        """End a connect whose broker hung up without an answer, for which aiomqtt would wait.

        With TLS 1.3 a broker refuses our certificate so, after the handshake.
        """
        connected = self._client._connected  # noqa: SLF001  because there is no public way to it
        if self._is_connecting and not connected.done():
            said = "it closed the connection without an answer"
            if self._is_encrypted:
                said += "; it may ask for another certificate than it was shown"
            connected.set_exception(aiomqtt.MqttError(said))

    def _drop(self) -> None:
        """Close the socket if it is still open: aiomqtt leaves it so after a failed connect."""
        if self._paho.socket() is not None:
            self._paho._sock_close()  # noqa: SLF001  because paho closes publicly only by talking


async def _cancellable(operation: Coroutine[Any, Any, T]) -> T:
    """Await an operation of aiomqtt's so that a cancellation always gets through.

    aiomqtt uses `asyncio.wait_for`, which in Python 3.11 can swallow one.
    """
    inner = asyncio.ensure_future(operation)
    try:
        await asyncio.wait({inner})
    except asyncio.CancelledError:
        inner.cancel()
        await asyncio.wait({inner})
        if not inner.cancelled():
            inner.exception()  # fetched, so that nobody complains that it was not
        raise
    return inner.result()
