"""Who may read what: one table, a row for each route (D47); asked before anything else is done.

As long as nobody is registered, everything is as `redrabbit.web.access` says. From the first person on a page or an answer
is for those whose role, or whose token's scope, is in its row. A role on any line reads all lines: whoever helps out next door, or compares, has to see; only
acts are bound to lines, and those are decided inside their commands (`redrabbit.domain.permissions`). An act needs somebody here, and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.role import Role
from redrabbit.domain.token_rights import READING
from redrabbit.services.askers import Asker
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.sign_in import SignIn
from redrabbit.web.access import SAFE_METHODS
from redrabbit.web.proxies import is_local
from redrabbit.web.visitor import identify, shown_by

API: Final = "/api/v1"


class Right(StrEnum):
    """What somebody may read, or begin."""

    OPEN = "open"
    """What is the same for everybody: who asks is not even looked up."""
    PUBLIC = "public"
    """The board, and how to sign in: everybody in the area (R35)."""
    RECORDS = "records.read"
    STATION = "station.read"
    """A station's page: who reads records, and the screen that was enrolled for the station."""
    LEDGER = "ledger.read"
    PEOPLE = "people.read"
    TOKENS = "tokens.read"
    UPKEEP = "upkeep.read"
    """Whether the software fares well: programs on this machine, and whoever reads records."""
    OWN = "own"
    """What is about oneself: whoever is signed in."""
    ACT = "act"
    """To ask for an act: whoever is known, or at an enrolled screen; the command decides. What is shown with its refusal
    is a matter of the page's own row (`may_see_page`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readers:
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()


_READ: Final = READING[Scope.READ]
READERS: Final[Mapping[Right, _Readers]] = {
    Right.RECORDS: _Readers(roles=_READ, scopes=frozenset({Scope.READ})),
    Right.STATION: _Readers(roles=_READ, scopes=frozenset({Scope.READ})),
    Right.UPKEEP: _Readers(roles=_READ | {Role.ADMINISTRATOR}, scopes=frozenset({Scope.READ})),
    Right.LEDGER: _Readers(roles=READING[Scope.LEDGER_READ], scopes=frozenset({Scope.LEDGER_READ})),
    Right.PEOPLE: _Readers(roles=frozenset({Role.ADMINISTRATOR, Role.SHIFT_LEADER})),
    Right.TOKENS: _Readers(roles=frozenset({Role.ADMINISTRATOR})),
}
"""Whose role or scope is enough. Administrators see people and settings, and no records (decision 0039)."""

ROUTES: Final[Mapping[str, Right]] = {
    "GET /": Right.PUBLIC,
    "GET /live/board": Right.OPEN,
    "GET /health": Right.OPEN,
    "GET /favicon.ico": Right.OPEN,
    "GET /docs": Right.PUBLIC,
    "GET /openapi.json": Right.OPEN,
    "GET /certificate": Right.OPEN,
    "GET /certificate/authority.crt": Right.OPEN,
    "GET /sign-in": Right.PUBLIC,
    "POST /sign-in": Right.PUBLIC,
    "GET /sign-out": Right.PUBLIC,
    "POST /sign-out": Right.PUBLIC,
    "GET /welcome/{code}": Right.PUBLIC,
    "POST /welcome/{code}": Right.PUBLIC,
    "POST /api/v1/session": Right.PUBLIC,
    "DELETE /api/v1/session": Right.PUBLIC,
    "GET /api/v1/me": Right.PUBLIC,
    "POST /api/v1/session/reauthenticate": Right.OWN,
    "GET /ready": Right.UPKEEP,
    "GET /metrics": Right.UPKEEP,
    "GET /stations": Right.STATION,
    "GET /stations/{station_id}": Right.STATION,
    "GET /stations/{station_id}/{act}": Right.STATION,
    "POST /stations/{station_id}/who": Right.ACT,
    "POST /stations/{station_id}/{act}": Right.ACT,
    "GET /live/stations/{station_id}": Right.STATION,
    "POST /stations/{station_id}/pin": Right.ACT,
    "POST /stations/{station_id}/teach-in": Right.ACT,
    "GET /stations/{station_id}/screens": Right.PEOPLE,
    "POST /stations/{station_id}/screens/code": Right.ACT,
    "POST /stations/{station_id}/screens/revoke": Right.ACT,
    "GET /enrol": Right.PUBLIC,
    "POST /enrol": Right.PUBLIC,
    "GET /today": Right.RECORDS,
    "GET /today/seen": Right.RECORDS,
    "POST /today/seen": Right.OWN,
    "GET /schedule": Right.RECORDS,
    "GET /schedule.xlsx": Right.RECORDS,
    "GET /schedule/print": Right.RECORDS,
    "GET /due": Right.RECORDS,
    "GET /due/{act}": Right.RECORDS,
    "POST /due/{act}": Right.ACT,
    "GET /devices": Right.RECORDS,
    "GET /devices.xlsx": Right.RECORDS,
    "GET /devices/{device}": Right.RECORDS,
    "GET /checks/{check}": Right.RECORDS,
    "GET /verifications": Right.RECORDS,
    "GET /verifications.xlsx": Right.RECORDS,
    "GET /verifications/print": Right.RECORDS,
    "GET /verifications/{occurrence}": Right.RECORDS,
    "GET /verifications/{occurrence}/reasons": Right.RECORDS,
    "POST /verifications/{occurrence}/reasons": Right.ACT,
    "GET /runs": Right.RECORDS,
    "GET /runs/{run}": Right.RECORDS,
    "GET /runs/{run}/remarks": Right.RECORDS,
    "POST /runs/{run}/remarks": Right.ACT,
    "GET /approvals": Right.RECORDS,
    "GET /approvals/{act}": Right.RECORDS,
    "POST /approvals/{act}": Right.ACT,
    "GET /sign/{entry}": Right.RECORDS,
    "POST /sign/{entry}": Right.ACT,
    "GET /signed/{digest}": Right.RECORDS,
    "GET /containments": Right.RECORDS,
    "GET /containments/{containment}": Right.RECORDS,
    "GET /containments/{containment}/{act}": Right.RECORDS,
    "POST /containments/{containment}/{act}": Right.ACT,
    "GET /alarms": Right.RECORDS,
    "GET /alarms/{act}": Right.RECORDS,
    "POST /alarms/{act}": Right.ACT,
    "GET /plan": Right.RECORDS,
    "GET /plan/import": Right.RECORDS,
    "POST /plan/import": Right.ACT,
    "GET /plan/import/{act}": Right.RECORDS,
    "POST /plan/import/{act}": Right.ACT,
    "GET /plan/{digest}": Right.RECORDS,
    "GET /plan/{digest}/try-out": Right.RECORDS,
    "GET /plan/{digest}/try-out.xlsx": Right.RECORDS,
    "GET /plan/{digest}/{act}": Right.RECORDS,
    "POST /plan/{digest}/{act}": Right.ACT,
    "GET /calendar": Right.RECORDS,
    "GET /calendar/{act}": Right.RECORDS,
    "POST /calendar/{act}": Right.ACT,
    "GET /coverage": Right.RECORDS,
    "GET /coverage.xlsx": Right.RECORDS,
    "GET /receivers": Right.UPKEEP,
    "GET /receivers/{act}": Right.UPKEEP,
    "POST /receivers/{act}": Right.ACT,
    "GET /ledger": Right.LEDGER,
    "GET /ledger/public-key": Right.LEDGER,
    "GET /ledger/public-key/{key_id}": Right.LEDGER,
    "GET /ledger/acknowledge": Right.LEDGER,
    "POST /ledger/acknowledge": Right.ACT,
    "GET /account": Right.OWN,
    "GET /account/{act}": Right.OWN,
    "POST /account/{act}": Right.OWN,
    "GET /people": Right.PEOPLE,
    "POST /people": Right.ACT,
    "GET /people/alarms": Right.PEOPLE,
    "POST /people/alarms": Right.ACT,
    "GET /people/import": Right.PEOPLE,
    "POST /people/import": Right.ACT,
    "GET /people/{person_id}": Right.PEOPLE,
    "GET /people/{person_id}/{act}": Right.PEOPLE,
    "POST /people/{person_id}/{act}": Right.ACT,
    "GET /tokens": Right.TOKENS,
    "GET /tokens/{act}": Right.TOKENS,
    "POST /tokens/{act}": Right.ACT,
    "GET /api/v1/people": Right.PEOPLE,
    "POST /api/v1/people": Right.ACT,
    "GET /api/v1/people/{person_id}": Right.PEOPLE,
    "PUT /api/v1/people/{person_id}": Right.ACT,
    "POST /api/v1/people/{person_id}/disable": Right.ACT,
    "POST /api/v1/people/{person_id}/enable": Right.ACT,
    "POST /api/v1/people/{person_id}/grants": Right.ACT,
    "DELETE /api/v1/people/{person_id}/grants/{grant_id}": Right.ACT,
    "POST /api/v1/people/{person_id}/badges": Right.ACT,
    "DELETE /api/v1/people/{person_id}/badges/{badge_id}": Right.ACT,
    "POST /api/v1/people/{person_id}/qualifications": Right.ACT,
    "DELETE /api/v1/people/{person_id}/qualifications/{qualification_id}": Right.ACT,
    "POST /api/v1/people/{person_id}/credentials/reset": Right.ACT,
    "POST /api/v1/people/{person_id}/ways": Right.ACT,
    "DELETE /api/v1/people/{person_id}/ways/{number}": Right.ACT,
    "POST /api/v1/people/{person_id}/ways/{number}/test": Right.ACT,
    "POST /api/v1/people/alarms/{alarm_id}/acknowledge": Right.ACT,
    "GET /api/v1/tokens": Right.TOKENS,
    "POST /api/v1/tokens": Right.ACT,
    "DELETE /api/v1/tokens/{token_id}": Right.ACT,
    "GET /api/v1/stations": Right.STATION,
    "GET /api/v1/stations/{station_id}": Right.STATION,
    "GET /api/v1/stations/{station_id}/pulses": Right.RECORDS,
    "POST /api/v1/stations/{station_id}/pulses/{signal}/confirm": Right.ACT,
    "POST /api/v1/stations/{station_id}/pulses/{signal}/refuse": Right.ACT,
    "POST /api/v1/stations/{station_id}/badge": Right.ACT,
    "POST /api/v1/stations/{station_id}/pin": Right.ACT,
    "DELETE /api/v1/stations/{station_id}/person": Right.ACT,
    "POST /api/v1/stations/{station_id}/enrolment-codes": Right.ACT,
    "POST /api/v1/enrolments": Right.PUBLIC,
    "GET /api/v1/devices": Right.RECORDS,
    "GET /api/v1/checks": Right.RECORDS,
    "GET /api/v1/checks/{check_id}": Right.RECORDS,
    "GET /api/v1/coverage": Right.RECORDS,
    "GET /api/v1/control-plans": Right.RECORDS,
    "GET /api/v1/control-plans/{digest}": Right.RECORDS,
    "POST /api/v1/control-plans/{digest}/approve": Right.ACT,
    "POST /api/v1/control-plans/{digest}/schedule": Right.ACT,
    "POST /api/v1/control-plans/{digest}/discard": Right.ACT,
    "GET /api/v1/challenge-parts": Right.RECORDS,
    "POST /api/v1/challenge-parts/{part_id}/quarantine": Right.ACT,
    "POST /api/v1/challenge-parts/{part_id}/release": Right.ACT,
    "POST /api/v1/challenge-parts/{part_id}/found": Right.ACT,
    "GET /api/v1/occurrences": Right.RECORDS,
    "GET /api/v1/occurrences/{occurrence_id}": Right.RECORDS,
    "GET /api/v1/occurrence-counts": Right.RECORDS,
    "POST /api/v1/occurrences/{occurrence_id}/reasons": Right.ACT,
    "GET /api/v1/overdue": Right.RECORDS,
    "POST /api/v1/excuses": Right.ACT,
    "GET /api/v1/alarms/{alarm_id}/told": Right.RECORDS,
    "POST /api/v1/alarms/acknowledge": Right.ACT,
    "GET /api/v1/lines/{line_id}/calendar-changes": Right.RECORDS,
    "POST /api/v1/lines/{line_id}/calendar-changes": Right.ACT,
    "POST /api/v1/lines/{line_id}/calendar-changes/{change_number}/take-back": Right.ACT,
    "GET /api/v1/silences": Right.RECORDS,
    "POST /api/v1/silences": Right.ACT,
    "POST /api/v1/silences/{silence_id}/end": Right.ACT,
    "POST /api/v1/receivers/test": Right.ACT,
    "GET /api/v1/lines/{line_id}/events": Right.RECORDS,
    "POST /api/v1/lines/{line_id}/events": Right.ACT,
    "GET /api/v1/pauses": Right.RECORDS,
    "POST /api/v1/pauses": Right.ACT,
    "POST /api/v1/pauses/{pause_id}/end": Right.ACT,
    "POST /api/v1/clock/confirm": Right.ACT,
    "GET /api/v1/runs": Right.RECORDS,
    "GET /api/v1/runs/{run_id}": Right.RECORDS,
    "GET /api/v1/runs/{run_id}/signals": Right.RECORDS,
    "POST /api/v1/runs": Right.ACT,
    "POST /api/v1/runs/{run_id}/scan": Right.ACT,
    "POST /api/v1/runs/{run_id}/tell": Right.ACT,
    "POST /api/v1/runs/{run_id}/presented": Right.ACT,
    "POST /api/v1/runs/{run_id}/feed-held": Right.ACT,
    "POST /api/v1/runs/{run_id}/not-the-part": Right.ACT,
    "POST /api/v1/runs/{run_id}/given-back": Right.ACT,
    "POST /api/v1/runs/{run_id}/confirm": Right.ACT,
    "POST /api/v1/runs/{run_id}/abort": Right.ACT,
    "POST /api/v1/runs/{run_id}/remarks": Right.ACT,
    "GET /api/v1/containments": Right.RECORDS,
    "GET /api/v1/containments/{containment_id}": Right.RECORDS,
    "POST /api/v1/containments/{containment_id}/tick": Right.ACT,
    "POST /api/v1/containments/{containment_id}/repair": Right.ACT,
    "POST /api/v1/containments/{containment_id}/close": Right.ACT,
    "POST /api/v1/containments/{containment_id}/stop": Right.ACT,
    "POST /api/v1/containments/{containment_id}/alternate": Right.ACT,
    "GET /api/v1/alarms": Right.RECORDS,
    "POST /api/v1/alarms/{alarm_id}/acknowledge": Right.ACT,
    "POST /api/v1/alarms/{alarm_id}/send-again": Right.ACT,
    "POST /api/v1/alarms/{alarm_id}/drop-message": Right.ACT,
    "GET /api/v1/receivers": Right.UPKEEP,
    "GET /api/v1/ledger/verification": Right.LEDGER,
    "GET /api/v1/ledger/checkpoint": Right.LEDGER,
    "GET /api/v1/ledger/entries": Right.LEDGER,
    "GET /api/v1/ledger/entries/{index}": Right.LEDGER,
    "GET /api/v1/ledger/entries/{index}/proof": Right.LEDGER,
    "GET /api/v1/ledger/keys": Right.LEDGER,
    "GET /api/v1/events": Right.LEDGER,
    "GET /api/v1/approvals": Right.RECORDS,
    "POST /api/v1/approvals/{entry}/refuse": Right.ACT,
    "POST /api/v1/approvals/{entry}/withdraw": Right.ACT,
    "GET /api/v1/signatures": Right.RECORDS,
    "GET /api/v1/signatures/{entry}": Right.RECORDS,
    "POST /api/v1/signatures": Right.ACT,
}
"""Method and path as the route declares it. A route that has no row answers nobody."""


LOCAL: Final = frozenset({"/ready", "/metrics"})
"""What the supervisor of this machine asks."""


def right_of(method: str, path: str) -> Right:
    """Return what a route asks; KeyError for one that has no row."""
    return ROUTES[f"{'GET' if method == 'HEAD' else method} {path}"]


def may(asker: Asker, right: Right, *, station: str | None = None) -> bool:
    """Return whether somebody may read, or begin, what this right is for; `station` is the one that it is about."""
    if right in {Right.OPEN, Right.PUBLIC} or asker.is_anybody:
        return True
    if right is Right.OWN:
        return asker.session is not None
    if right is Right.ACT:
        return asker.is_known or asker.screen is not None
    if right is Right.STATION and asker.screen is not None and station in {None, asker.station}:
        return True
    readers = READERS[right]
    return bool(asker.roles & readers.roles or asker.scopes & readers.scopes)


def may_read(request: Request, asker: Asker) -> bool:
    """Return whether somebody may read, or begin, what a request asks for."""
    right = right_of(request.method, _path_of(request))
    return may(asker, right, station=request.path_params.get("station_id"))


def may_see_page(request: Request, asker: Asker) -> bool:
    """Return whether somebody may see the page that a form stands on: where an act was refused, it is shown to nobody else.

    A form is sent to the address of its page, or to one below it.
    """
    right = right_of_page(_path_of(request))
    return may(asker, right, station=request.path_params.get("station_id"))


def right_of_page(path: str) -> Right:
    """Return what the page asks whose form is sent to this path; KeyError for a path that belongs to no page."""
    above = path.rpartition("/")[0]
    return right_of("GET", path if f"GET {path}" in ROUTES else above)


async def ask_right(sign_in: SignIn, request: Request) -> None:
    """Refuse a request to whose route the asker has no right; and one by cookie that other pages may have sent."""
    right = right_of(request.method, _path_of(request))
    is_upkeep = right is Right.UPKEEP and request.url.path in LOCAL
    if right is Right.OPEN or (is_upkeep and is_local(request.scope)):
        return  # asked while the records can't be read, too
    try:
        asker = await identify(sign_in, request)
    except StoreTrouble:
        if right is Right.PUBLIC:
            return
        raise
    if asker.was_somebody and shown_by(request).token is not None:
        raise Refusal("sign_in_required")
    if asker.session is not None or asker.screen is not None:
        _refuse_forged(request)
    if asker.is_anybody and right is not Right.PUBLIC and not is_local(request.scope):
        raise Refusal("network_not_trusted")
    if not may_read(request, asker):
        if asker.is_known:
            raise Refusal("not_allowed", needs=right.value)
        raise Refusal("sign_in_required")


def _path_of(request: Request) -> str:
    """Return the path of a request's route as declared; the framework leaves out under what it was included."""
    path = str(request.scope["route"].path)
    is_included = request.url.path.startswith(f"{API}/") and not path.startswith(API)
    return f"{API}{path}" if is_included else path


def _refuse_forged(request: Request) -> None:
    """Refuse an act by a cookie, a session's or a screen's, that comes without a word from where; forms have their token."""
    is_told = "origin" in request.headers or "sec-fetch-site" in request.headers
    is_act = request.method not in SAFE_METHODS and request.url.path.startswith("/api/")
    if is_act and not is_told:
        raise Refusal("cross_site_request")
