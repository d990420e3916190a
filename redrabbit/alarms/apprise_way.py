"""The way to whatever Apprise knows: mail, chat groups, SMS gateways.

Apprise calls block, so each runs in a thread of its own, which is left behind when the attempt's time is
over (D48): it ends by Apprise's own limits, and until then nothing else is tried. The address holds secrets, and
Apprise may log what it sends and what it is answered. So of its log nothing is kept but the status of
an answer.

Source: Apprise 2.3 (`apprise.Apprise.instantiate`, `NotifyBase.notify`).
"""

import asyncio
import json
import logging
import re
import threading
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

from redrabbit.alarms.delivery import DeliveryFailed
from redrabbit.alarms.http_answer import Answer, refuse_unless_taken
from redrabbit.base.clock import Clock

if TYPE_CHECKING:
    from apprise import NotifyBase

MOST_CHARACTERS: Final = 2000
"""Of a text: chat groups take some thousands."""
_MAIL_SERVER: Final = re.compile(r"mailtos?://", re.IGNORECASE)
KNOWN_HOSTS: Final = (
    *("dingtalk", "discord", "feishu", "lark", "pbul", "pover", "schan", "slack", "tgram"),
    *("wecombot", "wxpusher"),
)
"""Services that Apprise calls at a host of its own, whatever stands in the rest of the address."""
_OF_A_KNOWN_HOST: Final = re.compile(
    rf"({'|'.join(KNOWN_HOSTS)})://[\w@:/.=-]+(\?(secret|silent|thread|topic)=\w+"
    r"(&(secret|silent|thread|topic)=\w+)*)?",
    re.ASCII | re.IGNORECASE,
)
"""No percent sign: what it hides Apprise reads after this was looked at."""
_OF_FILES: Final = re.compile(
    r"(?<!pro)file|template|attach|pgp|url|href|icon|avatar_|webhook", re.IGNORECASE
)
_FILE: Final = re.compile(r"://|^[/\\~.]")
_STATUS: Final = re.compile(r"error=(\d{3})\b")
"""How Apprise tells the status of an answer that it did not like."""


class AppriseWay:
    """Tells one address of Apprise."""

    def __init__(self, address: str, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._thread: threading.Thread | None = None

    async def send(self, key: str, body: str) -> None:
        """Send title and text of a message; DeliveryFailed unless Apprise says that they were taken."""
        del key  # people are told a thing twice rather than never, and see it by its time
        if self._thread is not None and self._thread.is_alive():
            raise DeliveryFailed("the attempt before has not ended yet")
        title, text = _said(json.loads(body))
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Answer | None] = loop.create_future()

        def settle(answer: Answer | None) -> None:
            if not told.done():
                told.set_result(answer)

        def work() -> None:
            answer = _told(self._address, title, text)
            try:
                loop.call_soon_threadsafe(settle, answer)
            except RuntimeError:  # the service has stopped meanwhile
                return

        self._thread = threading.Thread(target=work, name="apprise", daemon=True)
        self._thread.start()
        answer = await told
        if answer is None:
            raise DeliveryFailed("not taken, or not reached")
        refuse_unless_taken(answer, self._clock.now(), shown=False)


def is_apprise_address(address: str) -> bool:
    """Tell whether Apprise knows a way to this address."""
    return _way_to(address) is not None


def names_file(address: str) -> bool:
    """Tell whether an argument of an address names a file or a page, which this service would then read or call.

    Nobody reaches people so: a key, a template or a picture would be read from this machine, or asked of a host inside the plant.
    """
    _, _, arguments = address.partition("?")
    said = parse_qsl(arguments.replace("?", "&"), keep_blank_values=True)
    return any(_OF_FILES.search(name) or _FILE.search(unquote(value)) for name, value in said)


def names_no_host(address: str) -> bool:
    """Tell whether an address is of a service whose host Apprise itself knows, with no argument that could lead elsewhere.

    Else whoever gives one could let this service call any host of the plant's network, or log on its own machine.
    What other services do with their arguments changes with each version of Apprise: so these are named, and no others.
    """
    return bool(_OF_A_KNOWN_HOST.fullmatch(address))


def is_mail_server(address: str) -> bool:
    """Tell whether an Apprise address is that of a mail server, and names nobody to send to."""
    return bool(_MAIL_SERVER.match(address)) and "to" not in parse_qs(urlsplit(address).query)


def mailed_by(server: str, address: str) -> str:
    """Return the Apprise address of a mail address, reached by a mail server."""
    joined = "&" if "?" in server else "?"
    return f"{server}{joined}to={quote(address, safe='')}"


def _told(address: str, title: str, text: str) -> Answer | None:
    """Send in this thread; return how it was answered, None where nobody answered."""
    with _Statuses() as statuses:
        try:
            way = _way_to(address)
            taken = way is not None and bool(way.notify(body=text, title=title))
        except Exception:  # noqa: BLE001  because a fault in one of its hundred ways is no fault of ours; its words may quote the address
            taken = False
    if taken:
        return Answer(status=200, retry_after=None, body=b"")
    if statuses.last is None:
        return None
    return Answer(status=statuses.last, retry_after=None, body=b"")


def _way_to(address: str) -> "NotifyBase | None":
    import apprise  # noqa: PLC0415  because a service without such a receiver needs none of it

    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    asset = apprise.AppriseAsset(app_id="Red Rabbit", app_desc="", app_url="", async_mode=False)
    found: Any = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    return found if isinstance(found, apprise.NotifyBase) else None


class _Statuses(logging.Handler):
    """Keeps the last status that Apprise told in this thread while it is open, and nothing else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.last: int | None = None

    def __enter__(self) -> Self:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        if record.thread == self._thread and found is not None:
            self.last = int(found[1])


def _said(body: dict[str, Any]) -> tuple[str, str]:
    """Return title and text for people; of a checkpoint the signed note as well, which is to be kept."""
    text = "\n\n".join(_plain(body.get(name)) for name in ("text", "checkpoint") if body.get(name))
    return _plain(body.get("title")) or str(body.get("event", "")), text[:MOST_CHARACTERS]


def _plain(words: Any) -> str:
    """Return words that may be given in two languages, as one text."""
    return "\n".join(map(str, words.values())) if isinstance(words, dict) else str(words or "")
