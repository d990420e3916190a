"""Edge values in every place of a request, and a way to send them without a socket.

Routes, parameters and bodies are read from the application, names of form fields from the
templates: what is new is driven without a word here.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, quote_from_bytes, unquote, urlencode

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import strategies as st

from redrabbit.web.access import FORM_COOKIE, FORM_FIELD, form_token
from tests.web.strict_plant import RULES

NONCE: Final = "a-nonce-of-this-browser"

TEXTS: Final = (
    "", " ", "\0", "a\0b", "\u200b", "\u3164", "\u2800", "\u202eelo", "a\nb\r\nc", "\x1b[31mred",
    "\xa0", "a" + "\u0301" * 59, "\u0301", "\ufeff", "\uffff", "\ue000", "a\u2028b\u2029", "\u0378",
    '=HYPERLINK("http://evil")', "<script>alert(1)</script>", "{{7*7}}", "{0.__class__}", "%s%n",
    "{", "}", "{x}", "x" * 61, "x" * 201, "x" * 501, "x" * 90_000, "..", "../..", "%2e%2e", "%00",
    "a'b\"<>", "op20\0", "agent", "SCHEDULER", "Configuration", "check_retired", "pause-3",
    "\U0001f469\u200d\U0001f467", "\U0001f430", "红兔子", "null", "true", "[]",
)  # fmt: skip
HALVES: Final = ("\ud800", "\udfff", "a\ud83d")
NUMBERS: Final = (
    "0", "-1", "1.0", "1e2", "1e400", "NaN", "Infinity", "+1", " 1", "1_0", "0x10", "\u0661\u0662", "\xb2", "\uff11\uff12",
    "00000000000000000001", "1" * 15, "9" * 16, str(2**53), str(2**53 + 1), str(2**63 - 1),
    str(2**63), str(2**64), "1" * 400, "1" * 4301,
)  # fmt: skip
INSTANTS: Final = (
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:00:00Z", "9999-12-31T23:59:59.999999Z", "-0001-01-01T00:00:00Z", "1e300",
    "-1e11", "253402300800", "-62135596801", "0.5", "2026-01-01T00:00:00+23:59", "0001-01-01",
    "9999-12-31", "9999-12-30", "0001-01-01T00:00", "9999-12-31T23:59", "2026-02-30", "2026-W01-1",
    "2026-03-29T02:30", "2026-01-01T00:00:60Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
)  # fmt: skip
JSON_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 1e18, -1e15, 2**53, 2**63, 2**64, 10**400, float("nan"),
    float("inf"), [], {}, [[]], {"a": 1}, [1, 2],
)  # fmt: skip
EDGES: Final[tuple[str, ...]] = (*TEXTS, *NUMBERS, *INSTANTS)
BYTES: Final = (b"\xff", b"\xed\xa0\x80", b"%", b"%zz", b"\xc0\x80", b"\xe2\x28")
BODIES: Final = (
    b"", b"null", b"[]", b"{}", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 90_000, b'{"a":' * 15_000,
    b'{"operator":"x","operator":"y"}', b'{"operator":"\\ud800","reason":"\\ud800"}',
    b'{"occurrence":1e400}', b'{"occurrence":' + b"9" * 5000 + b"}", b"NaN", b'{"__proto__":1}',
    b"&" * 5000, b"a=1&a=2", b"%", b"=%ff%ed%a0%80", b"x" * 20_001, b"x" * 100_001,
)  # fmt: skip
KINDS: Final = (
    "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data",
    "multipart/form-data; boundary=x", "application/json; charset=utf-16", "", "x" * 300, "\xff",
)  # fmt: skip
COOKIES: Final = (
    "rr_badge=%00%ff", "rr_badge=" + "x" * 5000, "rr_badge=%F0%9F%90%B0", "rr_badge=%ED%A0%80",
    "rr_badge=agent", "rr_badge=%E2%80%8B", "rr_form=%s; rr_lang=xx", "rr_form=" + "a" * 8000,
    'rr_form="a\\012b"', "; ;=;;a", "rr_lang=zh; rr_lang=en", "rr_form=\xff", "rr_badge=\xff\xfe",
    f"{FORM_COOKIE}={NONCE}", "",
)  # fmt: skip
LANGUAGES: Final = (
    "en", "zh-CN", "q=;;;," * 500, "en;q=nan", "zh;q=inf, en;q=1e999", "en" * 20_000, "\xff", "*",
    ",".join(f"zh;q=0.{n}" for n in range(2000)), "zh;q=-1", "EN_us;q=\xb2",
)  # fmt: skip
HEADERS: Final = (
    ("last-event-id", ("0", "-1", "9" * 15, "9" * 16, "x" * 300, "\xb2", "1" * 4301, "")),
    ("accept", ("", "*/*", "text/html;q=nan", "\xff")),
    ("origin", ("null", "http://127.0.0.1:8080", "http://[", "http://a:b", "\xff", "")),
    ("sec-fetch-site", ("cross-site", "same-origin", "\xff")),
    ("host", ("127.0.0.1", "[::1]:8080", "[", "]", "", "\xff", "localhost:x", "a" * 5000)),
    ("if-none-match", ("\xff", "*")),
    ("if-modified-since", ("Mon, 99 Foo 99999", "0")),
    ("range", ("bytes=0-0", "bytes=9-1", "bytes=-", "bytes=" + "0-1," * 500, "x", "bytes=1" * 40)),
    ("content-length", ("-1", "x", "9" * 30)),
    ("x-forwarded-for", ("127.0.0.1",)),
)  # fmt: skip

KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "act": ("start", "scan", "presented", "confirm", "abort", "who", "excuse", "pause",
            "end-pause", "stop", "tick", "reverify"),
    "station_id": ("op20", "op30"),
    "check_id": ("op20-torque",),
    "part_id": ("RR-0001", "GM-0002"),
    "path": ("red-rabbit.css", "favicon.svg"),
    "line": ("line1",),
    "check": ("op20-torque", "op30-torque"),
    "code": ("RR-0002", "RR-0001"),
    "operator": ("2207",),
    "by": ("2207", ""),
    "name": ("2207",),
    "reason": ("fixture busy",),
    "begins_at": ("2026-03-02T06:00:00Z",),
    "ends_at": ("2026-03-03T06:00:00Z",),
    "from": ("2026-03-02T06:00:00Z", "2026-03-02"),
    "to": ("2026-03-03T06:00:00Z", "2026-03-03"),
    "status": ("open", "lapsed"),
    "state": ("open", "closed"),
    "outcome": ("passed", "failed"),
    "lang": ("en", "zh"),
    "acknowledged": ("true",),
    "expected": ("give_back", "take"),
    "limit": ("1", "200"),
}  # fmt: skip
"""What is right in a place, by its name; a number elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as raw as a socket would bring it."""

    method: str
    path: str
    """Percent-encoded."""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def having(self, name: str, value: str) -> "Asked":
        """Return the same with one header set."""
        kept = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*kept, (name, value)))


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route, with the places where a caller may put something."""

    method: str
    path: str
    queries: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """Of a JSON body or of a form."""
    numbers: frozenset[str] = frozenset()
    """Fields that hold a number in JSON."""
    is_api: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """Names in the path."""
        return tuple(re.findall(r"{(\w+)(?::\w+)?}", self.path))

    def __str__(self) -> str:
        """Return what a test is called."""
        return f"{self.method} {self.path}"


def doors(app: FastAPI) -> list[Door]:
    """Return every method of every route of an application."""
    found = [door for context in iter_route_contexts(app.routes) for door in _doors(context)]
    return sorted(set(found), key=str)


def _doors(context: Any) -> Iterator[Door]:
    path = context.path
    if not isinstance(context.original_route, APIRoute):
        yield Door("GET", path if "{" in path else path.rstrip("/") + "/{path}")
        return
    methods = sorted(context.methods or {"GET"})
    dependant = context.original_route.dependant
    is_api = path.startswith("/api/")
    queries = tuple(one.alias for one in dependant.query_params)
    for method in methods:
        fields: tuple[str, ...] = ()
        numbers: set[str] = set()
        for body in dependant.body_params:
            model: Any = body.field_info.annotation
            schema = model.model_json_schema()["properties"]
            fields = tuple(schema)
            numbers = {name for name, told in schema.items() if "integer" in json.dumps(told)}
        if method == "POST" and not is_api:
            fields = form_fields()
        yield Door(method, path, queries or page_queries(), fields, frozenset(numbers), is_api)


@cache
def form_fields() -> tuple[str, ...]:
    """Return the name of every field of every form."""
    return tuple(sorted(set(_in_templates(r'<(?:input|select|button)[^>]*\sname="(\w+)"'))))


@cache
def page_queries() -> tuple[str, ...]:
    """Return what a page may be asked by: its filter, its language."""
    return ("lang", "line", "device", "from", "to", "outcome", "before")


def _in_templates(pattern: str) -> Iterator[str]:
    folder = resources.files("redrabbit.web").joinpath("templates")
    for file in folder.iterdir():
        yield from re.findall(pattern, file.read_text(encoding="utf-8"), flags=re.DOTALL)


def right(name: str) -> str:
    """Return what is right in a place of this name."""
    return KNOWN.get(name, ("1",))[0]


def values(name: str) -> st.SearchStrategy[str]:
    """Return what is right in a place, or nearly."""
    return st.sampled_from((*KNOWN.get(name, ("1", "2")), ""))


def edge_texts() -> st.SearchStrategy[str]:
    """Return what nobody expects in any place."""
    return st.one_of(st.sampled_from(EDGES), st.text(max_size=12))


def in_path(value: str) -> str:
    """Return a value as one step of a path, also where it can't be UTF-8."""
    return quote(value, safe="", errors="surrogatepass")


def plainly(door: Door, chosen: dict[str, str]) -> Asked:
    """Return a request with these values, and what is right in all other places."""
    path = re.sub(r"{(\w+)(?::\w+)?}", lambda m: in_path(chosen.get(m[1], right(m[1]))), door.path)
    named = {n: chosen[n] for n in door.queries if n in chosen}
    query = urlencode(named, errors="surrogatepass")
    asked = Asked(method=door.method, path=path, query=query, headers=_usual_headers())
    if not door.fields:
        return asked
    body = {name: chosen.get(name, right(name)) for name in door.fields}
    if door.is_api:
        numbered = {
            n: int(v) if n in door.numbers and v.isascii() and v.isdecimal() and len(v) < 400 else v
            for n, v in body.items()
        }
        sent = {n: v for n, v in numbered.items() if n in chosen or n not in _OPTIONAL}
        return replace(asked, body=json.dumps(sent).encode()).having(
            "content-type", "application/json"
        )
    form = {**body, FORM_FIELD: chosen.get(FORM_FIELD, form_token(RULES, NONCE))}
    return replace(asked, body=urlencode(form, errors="surrogatepass").encode()).having(
        "content-type", "application/x-www-form-urlencoded"
    )


_OPTIONAL: Final = frozenset({"occurrence", "containment"})


def _usual_headers() -> tuple[tuple[str, str], ...]:
    return (
        ("host", "127.0.0.1:8080"),
        ("cookie", f"{FORM_COOKIE}={NONCE}; rr_badge=2207"),
        ("accept-language", "zh"),
    )


@st.composite
def requests(draw: st.DrawFn, door: Door) -> Asked:
    """Return a request that is right but for one to three places."""
    names = [*door.places, *door.queries, *(n for n in door.fields if n not in door.places)]
    chosen = {
        name: draw(values(name))
        for name in (*door.places, *door.fields)
        if name != FORM_FIELD and draw(st.booleans())
    }
    for _ in range(draw(st.integers(0, 2))):
        if names:
            chosen[draw(st.sampled_from(names))] = draw(
                st.one_of(edge_texts(), st.sampled_from(HALVES))
            )
    asked = plainly(door, chosen)
    if draw(st.integers(0, 3)) == 0:
        asked = draw(oddly(asked, door))
    return asked


@st.composite
def oddly(draw: st.DrawFn, asked: Asked, door: Door) -> Asked:
    """Return a request with something wrong about its form: headers, body, encoding."""
    match draw(st.integers(0, 5)):
        case 0:
            return asked.having("cookie", draw(st.sampled_from(COOKIES)))
        case 1:
            return asked.having("accept-language", draw(st.sampled_from(LANGUAGES)))
        case 2:
            name, told = draw(st.sampled_from(HEADERS))
            return asked.having(name, draw(st.sampled_from(told)))
        case 3:
            kinds = asked.having("content-type", draw(st.sampled_from(KINDS)))
            return replace(kinds, body=draw(st.sampled_from(BODIES)))
        case 4:
            raw = quote_from_bytes(draw(st.sampled_from(BYTES)), safe="%")
            return replace(asked, path=f"{asked.path.rstrip('/')}/{raw}", query=f"line={raw}")
        case _:
            given = {name: draw(st.sampled_from(JSON_VALUES)) for name in door.fields}
            return replace(asked, body=json.dumps(given).encode())


DEADLY: Final = (
    "a\0b", "\u3164", "\u202eelo", "x" * 501, "agent", "1" * 4301, str(2**63), "-1", "1e400",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:00:00Z", "9999-12-31",
)  # fmt: skip
"""What once brought a page or a database down (K6, K7)."""


def deadly_in_one_place(door: Door) -> Iterator[Asked]:
    """Yield what was deadly once in every place, everything else being right."""
    usual = plainly(door, {})
    yield usual
    yield usual.having("origin", "http://[")
    for name in dict.fromkeys((*door.places, *door.queries, *door.fields)):
        for value in (*DEADLY, *HALVES[:1]):
            yield plainly(door, {name: value})


def all_in_one_place(door: Door) -> Iterator[Asked]:
    """Yield every edge value in every place, everything else being right."""
    for name in dict.fromkeys((*door.places, *door.queries, *door.fields)):
        for value in (*EDGES, *HALVES):
            yield plainly(door, {name: value})
    usual = plainly(door, {})
    for cookie in COOKIES:
        yield usual.having("cookie", cookie)
    for language in LANGUAGES:
        yield usual.having("accept-language", language)
    for name, told in HEADERS:
        yield from (usual.having(name, value) for value in told)
    for kind in KINDS:
        yield from (replace(usual.having("content-type", kind), body=body) for body in BODIES)
    for name in door.fields:
        for json_value in JSON_VALUES:
            fields: dict[str, Any] = {n: right(n) for n in door.fields} | {name: json_value}
            yield replace(usual, body=json.dumps(fields).encode())


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


STREAM: Final = "text/event-stream"


async def ask(app: FastAPI, asked: Asked) -> Answer:
    """Return the answer; of an endless stream, its beginning. A bug is raised."""
    answer, begun = Answer(), asyncio.Event()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # the client stays on the line
        sent = True
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {n.decode(): v.decode("latin-1") for n, v in message["headers"]}
            if answer.headers.get("content-type", "").startswith(STREAM):
                begun.set()
        else:
            answer.body += message.get("body", b"")

    running = asyncio.ensure_future(app(_scope(asked), receive, send))
    waiting = asyncio.ensure_future(begun.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return answer


def _scope(asked: Asked) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(asked.path),
        "raw_path": asked.path.encode("ascii"),
        "root_path": "",
        "query_string": asked.query.encode("ascii"),
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in asked.headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }
