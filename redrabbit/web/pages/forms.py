"""Who fills a form in: said in the form itself, or remembered from the station's page."""

from starlette.requests import Request

from redrabbit.domain.identity import Actor
from redrabbit.web.rendering import stated_actor

MAX_NAME_CHARACTERS = 60


def actor_in(request: Request, form: dict[str, str]) -> Actor:
    """Return the person as stated in the form's `by`, else at this browser (D19)."""
    name = " ".join(form.get("by", "").split())[:MAX_NAME_CHARACTERS]
    return Actor.stated(name) if name else stated_actor(request)
