"""Names as people state them: the ledger has the id that stands for one, the name is kept beside it (D23, D51)."""

import secrets
from collections.abc import Iterable

from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.services.ports import UnitOfWork


def fresh_name(name: str) -> StatedName:
    """Return a name with a salt of its own; nothing of it is kept."""
    return StatedName(name=name, salt=secrets.token_bytes(SALT_BYTES))


def id_of(uow: UnitOfWork, name: str) -> str:
    """Return the id that stands for a stated name; one that is new is kept, with a salt of its own."""
    return uow.id_of_name(name) or uow.keep_name(fresh_name(name))


def keep_new(uow: UnitOfWork, names: Iterable[StatedName]) -> None:
    """Keep the names that an act brings, in its transaction: where it is refused, nothing of them stays.

    Refusal where one has been kept meanwhile under another id: asked anew, the act has that one.
    """
    for name in names:
        if uow.keep_name(name) != name.id:
            raise Refusal("known_no_longer")
