"""Who fills a form in: said in the form itself, or remembered from the station's page."""

from starlette.requests import Request

from redrabbit.domain.identity import Actor
from redrabbit.web.rendering import stated_actor


def actor_in(request: Request, form: dict[str, str]) -> Actor:
    """Return the person as stated in the form's `by`, else at this browser (D19)."""
    name = form.get("by", "").strip()
    return Actor.stated(name) if name else stated_actor(request)
