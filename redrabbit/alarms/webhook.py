"""The way to a webhook: one POST a message, and an answer that can hurt nobody (D48).

Of an answer at most 64 kB are taken from the network, head and all, in small pieces between which
everybody else has a turn; nothing of it is decompressed, whatever it claims to be. An answer of a
thousand headers, of endless chunks or of nothing but `100 Continue` ends there.

h11 (RFC 9112) reads the answer, because an HTTP client bounds neither how much it takes nor for how
long. Redirects are not followed, proxies of the environment not used.
"""

import asyncio
from typing import Final

import h11
import httpx2

from redrabbit.alarms.connection import Streams, connected
from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.alarms.http_answer import Answer, refuse_unless_taken
from redrabbit.alarms.receiver_secrets import ReceiverSecrets
from redrabbit.alarms.signature import signed_headers
from redrabbit.base.bounded import KB
from redrabbit.base.clock import Clock
from redrabbit.domain.plant import NotificationTarget

MOST_ANSWER_BYTES: Final = 64 * KB
PIECE_BYTES: Final = 1 * KB
"""Of an answer between two turns of everybody else: at worst a few hundred chunks of one byte."""
_PORTS: Final = {"http": 80, "https": 443}


class Webhook:
    """Posts messages to one URL."""

    def __init__(self, target: NotificationTarget, secrets: ReceiverSecrets, clock: Clock) -> None:
        assert target.url is not None  # noqa: S101  because the plant file was checked
        self._url = target.url
        self._secrets = secrets
        self._clock = clock

    async def send(self, key: str, body: str) -> None:
        """POST the JSON body; anything but a 2xx answer, whole, is a failure."""
        request = self._request(key, body.encode())
        tls = self._secrets.tls if request.url.scheme == "https" else None
        port = request.url.port or _PORTS[request.url.scheme]
        try:
            async with connected(request.url.raw_host.decode(), port, tls) as streams:
                answer = await self._exchange(request, streams)
        except h11.RemoteProtocolError:  # its words would quote the answer, and that our secret
            raise DeliveryFailed("the answer is no whole answer of HTTP/1.1") from None
        except OSError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from None
        refuse_unless_taken(answer, self._clock.now(), shown=not self._secrets.headers)

    def _request(self, key: str, content: bytes) -> httpx2.Request:
        signing, now = self._secrets.signing, self._clock.now()
        headers = {
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            **(signed_headers(signing, key, now, content) if signing else {}),
            **self._secrets.headers,
        }
        try:
            return httpx2.Request("POST", self._url, headers=headers, content=content)
        except httpx2.InvalidURL as error:
            raise DeliveryRefused(f"the address can't be used: {error}") from None

    async def _exchange(self, request: httpx2.Request, streams: Streams) -> Answer:
        reader, writer = streams
        wire = h11.Connection(h11.CLIENT)
        head = h11.Request(method="POST", target=request.url.raw_path, headers=request.headers.raw)
        for event in (head, h11.Data(data=request.content), h11.EndOfMessage()):
            writer.write(wire.send(event) or b"")
        await writer.drain()
        return await self._answer(wire, reader)

    async def _answer(self, wire: h11.Connection, reader: asyncio.StreamReader) -> Answer:
        head: h11.Response | None = None
        body = bytearray()
        left = MOST_ANSWER_BYTES
        while True:
            event = wire.next_event()
            if event is h11.NEED_DATA and left > 0:
                piece = await reader.read(min(PIECE_BYTES, left))
                left -= len(piece)
                wire.receive_data(piece)
                await self._clock.sleep(0)  # what has arrived already would be read without a turn
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                break
        if head is None:
            raise DeliveryFailed(f"no head of an answer in {MOST_ANSWER_BYTES // KB} kB")
        retry_after = next((v for name, v in head.headers if name == b"retry-after"), None)
        return Answer(
            status=head.status_code,
            retry_after=retry_after.decode("latin-1") if retry_after is not None else None,
            body=bytes(body),
        )
