"""A form with a file, as a browser sends it (RFC 7578): its fields, and the one file with its name.

Only what such a form of ours is made of is read; the body is taken up to a bound, and not further.
"""

from dataclasses import dataclass
from email.message import Message
from typing import Final

from starlette.requests import Request

from redrabbit.domain.errors import Refusal

MOST_BYTES: Final = 100_000
"""As much as any request may bring; a table of a hundred people is a tenth of it."""
MOST_PARTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What a form brought."""

    fields: dict[str, str]
    file_name: str
    """As the browser's computer calls it, without folders; empty: no file was chosen."""
    content: bytes


async def uploaded(request: Request, most: int = MOST_BYTES) -> Upload:
    """Return what a form with a file brought; Refusal for what is too large, and for what is no such form."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refusal("form_too_large", limit=most)
    try:
        return _read(bytes(body), request.headers.get("content-type", ""))
    except (UnicodeDecodeError, ValueError) as error:
        raise Refusal("form_unreadable") from error


def _read(body: bytes, content_type: str) -> Upload:
    kind, boundary = _header("content-type", content_type, "boundary")
    if kind != "multipart/form-data" or not boundary:
        raise ValueError("no form with parts")
    mark = b"\r\n--" + boundary.encode("ascii")
    first, *parts = (b"\r\n" + body).split(mark)
    if first or len(parts) < 2 or len(parts) > MOST_PARTS or not parts[-1].startswith(b"--"):  # noqa: PLR2004  because one part, and the end
        raise ValueError("parts that do not end")
    fields: dict[str, str] = {}
    file_name, content = "", b""
    for part in parts[:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = Message()
        for line in head.decode("utf-8").split("\r\n"):
            name, _, said = line.partition(":")
            headers[name.strip()] = said.strip()
        disposition = str(headers.get("content-disposition", ""))
        _, field = _header("content-disposition", disposition, "name")
        _, chosen = _header("content-disposition", disposition, "filename")
        if chosen is None:
            fields[field or ""] = value.decode("utf-8")
        else:
            file_name, content = chosen.replace("\\", "/").rpartition("/")[2], value
    return Upload(fields=fields, file_name=file_name, content=content)


def _header(name: str, value: str, param: str) -> tuple[str, str | None]:
    """Return what a header says before its parameters, in small letters, and one of these."""
    read = Message()
    read[name] = value
    found = read.get_param(param, header=name)
    return value.partition(";")[0].strip().lower(), found if isinstance(found, str) else None
