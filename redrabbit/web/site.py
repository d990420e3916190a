"""What every page and every API call works with: the service, the clock, the rules of access."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request

from redrabbit.base.clock import Clock
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter
from redrabbit.domain.plant import Plant
from redrabbit.services.importing_people import ReadTable
from redrabbit.services.plan_looking import LookAtPlan
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.queries.people import names_in
from redrabbit.services.remembered import RememberedState
from redrabbit.services.sign_in import SignIn
from redrabbit.services.verifying import VerificationState
from redrabbit.services.watched_from_outside import Watched
from redrabbit.services.ways import WaysKnown
from redrabbit.web.access import FORM_FIELD, AccessRules, check_form_token
from redrabbit.web.rendering import Visit, visit
from redrabbit.web.shown_to import is_for_another, refusal_of
from redrabbit.web.tls import Tls
from redrabbit.web.uploads import MOST_BYTES, Upload, uploaded
from redrabbit.web.values import id_from, number_from
from redrabbit.web.visitor import asker_at

MAX_FORM_BYTES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One served plant."""

    service: LocalPlantService
    clock: Clock
    rules: AccessRules
    sign_in: SignIn
    verification: Callable[[], VerificationState] = VerificationState
    """How far the database is verified beside the service, and what was found."""

    remembered: Callable[[], RememberedState] = RememberedState
    """What is remembered of the ledger outside of the database."""

    watched: Callable[[], Watched | None] = lambda: None
    """How it stands with the outside watcher; None: the plant has none."""

    ways: WaysKnown = field(default_factory=WaysKnown)
    """What people can be reached by."""

    read_people: ReadTable | None = None
    """Reads a table of people that somebody sends; None: none is taken."""

    ledger_key: str = ""
    """The text of the ledger's public key."""

    look_at_plan: LookAtPlan | None = None
    """Looks at a control plan that somebody brings; None: none is taken."""

    revised: Callable[[str], Plant | str] = lambda _: "-"
    """The plant with another control plan in place of its own, by its text; what is wrong where it does not fit."""

    tls: Tls | None = None
    """What pages are encrypted with; None: nothing."""

    def visit(self, request: Request) -> Visit:
        """Return who asks, in which language, when."""
        return visit(request, self.service, self.rules, self.clock.now())

    async def form(self, request: Request, *, by_whoever: bool = False) -> dict[str, str]:
        """Return a form's fields; refused unless it was made for this browser (D19).

        Refused as well where its page was shown to somebody else than who would act by it now. Not so `by_whoever`: it may say who that is
        from now on, and whoever takes it asks.
        """
        body = await request.body()
        if len(body) > MAX_FORM_BYTES:
            raise Refusal("form_too_large", limit=MAX_FORM_BYTES)
        try:
            fields = parse_qs(body.decode("utf-8"), keep_blank_values=True)
        except (UnicodeDecodeError, ValueError) as error:
            raise Refusal("form_unreadable") from error
        form = {name: values[-1] for name, values in fields.items()}
        await self._refuse_foreign(request, form, by_whoever=by_whoever)
        return form

    async def upload(self, request: Request, most: int = MOST_BYTES) -> Upload:
        """Return a form's fields with the file that it brings, of so many bytes; refused as a form is."""
        sent = await uploaded(request, most)
        await self._refuse_foreign(request, sent.fields, by_whoever=False)
        return sent

    async def _refuse_foreign(
        self, request: Request, form: dict[str, str], *, by_whoever: bool
    ) -> None:
        session = asker_at(request).session
        digest = session.digest if session is not None else ""
        check_form_token(request, form.get(FORM_FIELD), self.rules, digest)
        if not by_whoever:
            await self.refuse_shown_to_another(request, form)

    async def refuse_shown_to_another(self, request: Request, form: dict[str, str]) -> None:
        """Refuse a form whose page was shown to somebody else than who would act by it now (`shown_to`)."""
        if is_for_another(request, form):
            raise refusal_of(request, form, await self.service.read(names_in))


def number_in(form: dict[str, str], name: str) -> int:
    """Return a whole number of a form; refused when there is none."""
    number = number_from(form.get(name, ""))
    if number is None:
        raise Refusal("form_unreadable")
    return number


def id_in(form: dict[str, str], name: str, letter: Letter) -> str:
    """Return the id of a numbered record in a form; refused when there is none."""
    found = id_from(form.get(name, ""), letter)
    if found is None:
        raise Refusal("form_unreadable")
    return found


def optional_id_in(form: dict[str, str], name: str, letter: Letter) -> str | None:
    """Return the id of a numbered record in a form, None where the field is absent or empty."""
    return id_in(form, name, letter) if form.get(name) else None
