"""Names as people state them: the ledger has the id that stands for one, the name is kept beside it (D23, D51)."""

import secrets

from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.services.ports import UnitOfWork


def id_of(uow: UnitOfWork, name: str) -> str:
    """Return the id that stands for a stated name; one that is new is kept, with a salt of its own."""
    fresh = StatedName(name=name, salt=secrets.token_bytes(SALT_BYTES))
    return uow.id_of_name(name) or uow.keep_name(fresh)
