"""To whom a page is shown, which its forms say again: what they ask is done by nobody else (D45).

All screens of a station show one person. Where several tablets stand there, a badge that is scanned at one of them changes who acts at all of them,
while another still shows the page of whoever was there before.
"""

from typing import Final
from urllib.parse import unquote

from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import is_a_person
from redrabbit.domain.text import clean_name
from redrabbit.services.askers import ANYBODY
from redrabbit.services.queries.people import Names, name_now
from redrabbit.web.cookies import kept
from redrabbit.web.visitor import asker_at

SHOWN_TO: Final = "shown_to"
"""The field of a form that says to whom its page was shown; empty: to nobody who is known."""
BADGE_COOKIE: Final = "rr_badge"
"""Where a browser keeps a stated name, as long as nobody is registered, until it is closed."""
_STATED: Final = "name "
_MOST: Final = 80


def stated_name(request: Request) -> str:
    """Return the name that was stated at the station of an enrolled screen, or at any other browser; empty if none."""
    asker = asker_at(request, unknown=ANYBODY)
    if asker.screen is not None:
        return asker.named
    name = clean_name(unquote(kept(request, BADGE_COOKIE) or ""))
    return name if isinstance(name, str) else ""


def shown_to(request: Request) -> str:
    """Return who would act by a form of this browser now: a person's number, or a stated name as such; empty: nobody."""
    person = asker_at(request, unknown=ANYBODY).person
    if person is not None:
        return person.person_id
    name = stated_name(request)
    return f"{_STATED}{name}" if name else ""


def is_for_another(request: Request, form: dict[str, str]) -> bool:
    """Return whether a form's page was shown to somebody else than who would act by it now.

    A form that names by itself who acts (`by`) is theirs; one that nobody would act by is refused for that.
    """
    shown, here = form.get(SHOWN_TO), shown_to(request)
    return bool(shown is not None and here and shown != here and not form.get("by", "").strip())


def refusal_of(request: Request, form: dict[str, str], names: Names) -> Refusal:
    """Return why such a form is not carried out: to whom its page was shown, and who is here now."""
    shown, here = form[SHOWN_TO][:_MOST], _called(names, shown_to(request))
    if not shown:
        return Refusal("shown_to_nobody", here=here)
    return Refusal("shown_to_another", shown=_called(names, shown), here=here)


def _called(names: Names, shown: str) -> str:
    return name_now(names, shown) if is_a_person(shown) else shown.removeprefix(_STATED)
