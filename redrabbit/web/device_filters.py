"""The filter of devices in an address: the same names on the list of devices and on coverage, and in their files."""

from urllib.parse import urlencode

from starlette.requests import Request

from redrabbit.domain.station import DeviceKind
from redrabbit.services.queries.device_filter import DeviceFilter
from redrabbit.web.values import optional_text_from


def device_filter(request: Request) -> DeviceFilter:
    """Return what is asked for; a type that there is not is none that is asked for."""
    query = request.query_params
    kind = query.get("kind")
    return DeviceFilter(
        line=optional_text_from(query.get("line")),
        kind=DeviceKind(kind) if kind in set(DeviceKind) else None,
        only_gaps=query.get("gaps") == "1",
    )


def query_of(wanted: DeviceFilter) -> str:
    """Return the query of an address that asks for just this."""
    named = {"line": wanted.line or ""}
    if wanted.kind is not None:
        named["kind"] = wanted.kind.value
    if wanted.only_gaps:
        named["gaps"] = "1"
    return urlencode(named)


def filter_shown(wanted: DeviceFilter) -> dict[str, object]:
    """Return what the form and the links of a page need of its filter."""
    return {"kinds": tuple(DeviceKind), "asked": query_of(wanted)}
