"""Pages as HTML: the templates' environment and what every page knows besides its own content.

A page that many watch is rendered once for all (D47): `fragment_for_all` puts marks where it differs
from browser to browser, and `for_viewer` puts in their place what one browser's page has there.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.domain.errors import Refusal
from redrabbit.domain.permissions import MAY
from redrabbit.domain.signed_note import to_base64
from redrabbit.services.agent_heartbeat import AgentHeartbeat
from redrabbit.services.askers import ANYBODY, Asker
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.queries.band import BandItem
from redrabbit.web import look
from redrabbit.web.access import FORM_COOKIE, AccessRules, form_key, form_token, new_nonce
from redrabbit.web.at_station import NOT_THERE, AtStation, at_station_of
from redrabbit.web.cookies import keep, kept
from redrabbit.web.proxies import is_local
from redrabbit.web.reading_rights import may, may_see_page, right_of
from redrabbit.web.refused_rights import note_refused
from redrabbit.web.shown_to import shown_to, stated_name
from redrabbit.web.unbroken import unbroken
from redrabbit.web.visitor import asker_at
from redrabbit.web.words import (
    LANGUAGE_COOKIE,
    LANGUAGE_NAMES,
    OTHER,
    Words,
    language_wanted,
)

A_YEAR_S: Final = 365 * 24 * 3600
"""For so long a browser keeps its language, and what its forms are known by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """One place to go."""

    href: str
    name: str
    """Code of its words."""
    current: bool = False
    count: int = 0
    """What waits there for a person."""
    count_name: str = "nav.waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """What a page says differently to each browser."""

    stated: str = ""
    """In whose name is done what is done here: who the person is, or says to be; empty: nobody said."""
    signed_in: str = ""
    """Who is signed in at this browser; empty: nobody. Before a station's own screen nothing is done in their name."""
    at_station: AtStation = NOT_THERE
    """Whether they scanned their badge at the station."""
    form_token: str = ""
    shown_to: str = ""
    """Who would act by a form of this page; empty: nobody."""
    form_key: str = ""
    """Of every form of this page: sent twice, it is done once."""


MARKS: Final = Viewer(
    stated=secrets.token_hex(16),
    signed_in=secrets.token_hex(16),
    form_token=secrets.token_hex(16),
    form_key=secrets.token_hex(16),
    shown_to=secrets.token_hex(16),
)
"""Stand where a page for all differs from browser to browser; nobody outside can know them, so that
no text of the records can ask for a viewer's token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every page knows besides its own content; templates call it `ui`."""

    plant: str
    now: datetime
    clock: str
    clock_exact: str
    """With seconds: until when what is seen was true."""
    language: str
    other_language: str
    other_language_name: str
    other_language_href: str
    navigation: tuple[tuple[str, tuple[NavigationItem, ...]], ...]
    heartbeat: AgentHeartbeat
    viewer: Viewer
    can_sign_in: bool
    """People are registered, nobody is signed in here, and these pages do more than show."""
    refused: str
    """Why what was just asked for was not done, in words."""
    band: tuple[BandItem, ...] = ()
    """What stands across every page until somebody ends it."""
    acts: frozenset[str] | None = None
    """Kinds of the acts that the roles here allow on one line or another; None: nobody is known, and the command decides."""

    def may(self, kind: str) -> bool:
        """Tell whether a form that asks this act is offered; for a kind that is none it is a bug, and loud."""
        if kind not in _KINDS:
            raise KeyError(kind)
        return self.acts is None or kind in self.acts

    @property
    def waiting(self) -> int:
        """How much waits for a person, on all pages of the navigation together."""
        return sum(item.count for _, items in self.navigation for item in items)

    @property
    def stated(self) -> str:
        """In whose name is done what is done here: who the person is, or says to be; empty: nobody said."""
        return self.viewer.stated

    @property
    def signed_in(self) -> str:
        """Who is signed in at this browser; empty: nobody."""
        return self.viewer.signed_in

    @property
    def known(self) -> str:
        """Who is signed in, or at the station with a badge; empty: nobody is known."""
        return self.viewer.signed_in or (self.viewer.stated if self.at_station.how else "")

    @property
    def at_station(self) -> AtStation:
        """How somebody is known who scanned their badge at the station of this screen."""
        return self.viewer.at_station

    @property
    def form_token(self) -> str:
        """The token of this browser's forms."""
        return self.viewer.form_token

    @property
    def form_key(self) -> str:
        """The key of this showing of the forms."""
        return self.viewer.form_key

    @property
    def shown_to(self) -> str:
        """To whom this page is shown, as its forms say it again; empty: to nobody who is known."""
        return self.viewer.shown_to

    @staticmethod
    def static(name: str) -> str:
        """Return the address of a static file; it changes with the file's content."""
        return f"/static/{name}?v={_fingerprint(name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request for a page: who asks, in which language, when."""

    request: Request
    service: LocalPlantService
    rules: AccessRules
    now: datetime
    language: str
    nonce: str
    asker: Asker
    refused: Refusal | None = None

    @property
    def words(self) -> Words:
        """The words in which this visit is answered."""
        return Words(self.language, self.service.plant.zone, self.now)

    def with_refusal(self, refusal: Refusal) -> "Visit":
        """Return the same visit, to be told on the form's page why something was not done; a right that was refused is logged.

        Raises the refusal itself for whoever may not see that page: they are told why, and nothing else.
        """
        if not may_see_page(self.request, self.asker):
            raise refusal
        note_refused(self.request, refusal)
        return replace(self, refused=refusal)


def visit(request: Request, service: LocalPlantService, rules: AccessRules, now: datetime) -> Visit:
    """Return who asks, in which language, when."""
    return Visit(
        request=request,
        service=service,
        rules=rules,
        now=now,
        language=language_wanted(
            request.query_params.get("lang"),
            kept(request, LANGUAGE_COOKIE),
            request.headers.get("accept-language"),
        ),
        nonce=kept(request, FORM_COOKIE) or new_nonce(),
        asker=asker_at(request, unknown=ANYBODY),  # shown what there is; each page asks for itself
    )


def page(
    visit: Visit,
    template: str,
    content: object,
    *,
    status: int = 200,
    entries: int = 0,
    waiting: Mapping[str, int] | None = None,
    band: tuple[BandItem, ...] = (),
    extra: Mapping[str, object] | None = None,
) -> HTMLResponse:
    """Return a whole page, remembering the language and the form cookie.

    `entries` is how many entries the ledger had when the content was read.
    """
    html = fragment(
        visit, template, content, entries=entries, waiting=waiting, band=band, extra=extra
    )
    response = HTMLResponse(html, status_code=status)
    response.headers["cache-control"] = "no-store"
    response.headers["content-language"] = visit.language
    response.headers["vary"] = "accept-language, cookie"
    cookies = {FORM_COOKIE: visit.nonce}
    if visit.request.query_params.get("lang") in OTHER:
        cookies[LANGUAGE_COOKIE] = visit.language
    for name, value in cookies.items():
        if kept(visit.request, name) != value:
            keep(response, visit.request, name, value, max_age_s=A_YEAR_S)
    return response


def fragment(
    visit: Visit,
    template: str,
    content: object,
    *,
    entries: int = 0,
    waiting: Mapping[str, int] | None = None,
    band: tuple[BandItem, ...] = (),
    extra: Mapping[str, object] | None = None,
) -> str:
    """Return a template filled with its page dataclass."""
    refused = visit.refused
    words = visit.words
    ui = _surroundings(
        visit.service,
        words,
        visit.now,
        path=visit.request.url.path,
        other_language_href=_same_page(visit.request, OTHER[visit.language]),
        viewer=viewer(visit, entries),
        asker=visit.asker,
        waiting=waiting or {},
        refused=words(f"refusal.{refused.code}", **refused.params) if refused is not None else "",
        band=band,
        shows_only=visit.rules.look_only and not is_local(visit.request.scope),
    )
    return _filled(template, content, words, ui, extra or {})


def viewer(visit: Visit, entries: int) -> Viewer:
    """Return what a page says to this browser only, when the ledger had so many entries."""
    asker, session = visit.asker, visit.asker.session
    known = "" if asker.is_office_at_station else asker.name
    return Viewer(
        stated=known if asker.is_known else stated_name(visit.request),
        signed_in=asker.name if session is not None else "",
        at_station=at_station_of(visit.asker),
        form_token=form_token(visit.rules, visit.nonce, session.digest if session else ""),
        shown_to=shown_to(visit.request),
        form_key=form_key(visit.rules, visit.nonce, entries),
    )


def fragment_for_all(
    service: LocalPlantService,
    template: str,
    content: object,
    *,
    path: str,
    language: str,
    is_stated: bool,
    is_signed_in: bool,
    at_station: AtStation,
    now: datetime,
) -> str:
    """Return a template filled for all who watch the page at `path`, with marks for each viewer.

    `is_stated`: for those who said who they are; the others are asked. `is_signed_in`: somebody is signed in there.
    """
    words = Words(language, service.plant.zone, now)
    ui = _surroundings(
        service,
        words,
        now,
        path=path,
        other_language_href=f"{path}?{urlencode({'lang': OTHER[language]})}",
        viewer=replace(
            MARKS,
            stated=MARKS.stated if is_stated else "",
            signed_in=MARKS.signed_in if is_signed_in else "",
            at_station=at_station,
        ),
        asker=ANYBODY,
        waiting={},
        refused="",
    )
    return _filled(template, content, words, ui, {})


def for_viewer(text: bytes, one: Viewer) -> bytes:
    """Return a page for all as this browser gets it."""
    for mark, said in (
        (MARKS.stated, one.stated),
        (MARKS.signed_in, one.signed_in),
        (MARKS.form_token, one.form_token),
        (MARKS.form_key, one.form_key),
        (MARKS.shown_to, one.shown_to),
    ):
        text = text.replace(mark.encode(), str(escape(said)).encode())
    return text


def _filled(
    template: str, content: object, words: Words, ui: Surroundings, extra: Mapping[str, object]
) -> str:
    return environment().get_template(template).render(page=content, t=words, ui=ui, **extra)


@cache
def environment() -> Environment:
    """Return the templates; an unknown name in one is a bug and loud."""
    found = Environment(
        loader=PackageLoader("redrabbit.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(look=look, hour=timedelta(hours=1))
    found.filters["ids"] = unbroken
    found.filters["base64"] = lambda root: to_base64(bytes.fromhex(root))
    found.filters["urlquote"] = lambda text: Markup(quote(str(text), safe=""))  # noqa: S704  because quote leaves no character that HTML reads
    return found


def _surroundings(
    service: LocalPlantService,
    words: Words,
    now: datetime,
    *,
    path: str,
    other_language_href: str,
    viewer: Viewer,
    asker: Asker,
    waiting: Mapping[str, int],
    refused: str,
    band: tuple[BandItem, ...] = (),
    shows_only: bool = False,
) -> Surroundings:
    other = OTHER[words.language]
    return Surroundings(
        plant=service.plant.name,
        now=now,
        clock=words.clock(now)[:5],
        clock_exact=words.clock(now),
        language=words.language,
        other_language=other,
        other_language_name=LANGUAGE_NAMES[other],
        other_language_href=other_language_href,
        navigation=_navigation(path, waiting, asker),
        heartbeat=service.heartbeat(),
        viewer=viewer,
        can_sign_in=not (shows_only or asker.is_anybody) and asker.session is None,
        refused=refused,
        band=band,
        acts=viewer.at_station.acts,
    )


_KINDS: Final = frozenset(act.KIND for act in MAY)


def _same_page(request: Request, language: str) -> str:
    """Return this page's address in another language; of a form or stream, of its page."""
    path = request.url.path
    if path == "/sign-in" or path.startswith("/welcome/"):
        return f"{path}?{urlencode({**request.query_params, 'lang': language})}"
    if path == "/live/board":
        path = "/"
    elif path.startswith("/live/"):
        path = path.removeprefix("/live")
    elif request.method != "GET":
        path = path.rpartition("/")[0] or "/"
    query = {name: value for name, value in request.query_params.items() if name != "lang"}
    return f"{path}?{urlencode({**query, 'lang': language})}"


PEOPLE: Final = "nav.group.people"
"""Shown once there are any."""
NAVIGATION: Final = (
    (
        "",
        (
            ("/", "nav.board"),
            ("/today", "nav.today"),
            ("/due", "nav.due"),
            ("/schedule", "nav.schedule"),
            ("/stations", "nav.stations"),
            ("/devices", "nav.devices"),
        ),
    ),
    (
        "nav.group.reaction",
        (
            ("/alarms", "nav.alarms"),
            ("/containments", "nav.containments"),
            ("/approvals", "nav.approvals"),
        ),
    ),
    (
        "nav.group.records",
        (
            ("/verifications", "nav.verifications"),
            ("/runs", "nav.runs"),
            ("/plan", "nav.plan"),
            ("/coverage", "nav.coverage"),
            ("/calendar", "nav.calendar"),
            ("/receivers", "nav.receivers"),
            ("/ledger", "nav.ledger"),
            ("/docs", "nav.api"),
        ),
    ),
    (PEOPLE, (("/people", "nav.people"), ("/tokens", "nav.tokens"))),
)
"""Where to go, with the code of its words; what somebody may not read isn't shown to them."""


def _navigation(
    path: str, waiting: Mapping[str, int], asker: Asker
) -> tuple[tuple[str, tuple[NavigationItem, ...]], ...]:
    def item(href: str, name: str) -> NavigationItem:
        current = path == href or (href != "/" and path.startswith(f"{href}/"))
        return NavigationItem(href=href, name=name, current=current, count=waiting.get(href, 0))

    groups = (
        (group, tuple(item(*each) for each in items if may(asker, right_of("GET", each[0]))))
        for group, items in NAVIGATION
        if group != PEOPLE or not asker.is_anybody
    )
    return tuple((group, items) for group, items in groups if items)


@cache
def _fingerprint(name: str) -> str:
    """Return a short digest of a static file, so that a new version is fetched at once."""
    found = resources.files("redrabbit.web").joinpath("static").joinpath(*name.split("/"))
    return sha256(found.read_bytes()).hexdigest()[:10]
