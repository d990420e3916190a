"""The names of those who accepted a loss of history, for what verification tells (D51, D62).

The ledger has the id that stands for a name; the name is kept beside it, and may have been erased.
"""

from dataclasses import replace

from sqlalchemy import Connection

from redrabbit.domain.database_verification import DatabaseVerification
from redrabbit.store.found_rows import FoundRows, lenient_text
from redrabbit.store.tables import STATED_NAMES


def with_names(connection: Connection, found: DatabaseVerification) -> DatabaseVerification:
    """Return it with the names of those who accepted a loss of history in place of their ids, where names are kept."""
    if not found.losses:
        return found
    rows = FoundRows(connection)
    with lenient_text(connection):
        names = {row["id"]: row["name"] for row in rows.of(STATED_NAMES)}

    def name_of(actor: object) -> str:
        return str(names.get(actor, actor))

    return replace(
        found,
        losses=tuple(replace(loss, by=name_of(loss.by)) for loss in found.losses),
        findings=tuple(
            replace(each, params={**each.params, "by": name_of(each.params["by"])})
            if "by" in each.params
            else each
            for each in found.findings
        ),
    )
