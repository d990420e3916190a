"""Changing the ledger's signing key, with the service stopped (decision 0033).

(1) The new key is written beside its place. (2) In one transaction the entry that both keys have signed is appended,
acts are sealed anew, and the head is signed with the new key: whichever is committed says which key signs. (3) The
database is opened again, which puts the new key in its place and keeps the old one beside (`redrabbit.store.log_key`).
Whatever breaks off in between, the next start finds the key that the ledger names, and goes on from (3).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence, words_of
from redrabbit.base.signing import Verifier
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.log_keys import LogKeys, key_changed
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.log_key import LogKey, key_aside, next_key
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording, SqlUnitOfWork

Record = Callable[[SqlUnitOfWork, KeyChanged], None]
"""Appends the fact, with who had the key changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedKey:
    """What was changed, and where the keys lie."""

    index: int
    """Of the entry that says so."""
    old: Verifier
    new: Verifier
    old_path: Path
    """Where the old private key is kept; its public half beside it ends in `.pub`."""
    path: Path
    """Where the new one lies."""


def change_key(
    url: str, *, clock: Clock, recording: Recording, key_path: Path | None, record: Record
) -> ChangedKey:
    """Replace the key that signs now by a new one, and return both once the new one is proved in use.

    Raises as `open_database` does; where the ledger names the new key by then, the message says so, and what the next
    start will do.
    """
    made: list[tuple[Path, LogKey, LogKey]] = []

    def successor(path: Path, old: LogKey, keys: LogKeys) -> LogKey:
        new = next_key(path, keys)
        made.append((path, old, new))
        return new

    with open_database(
        url,
        plant="",
        clock=clock,
        recording=recording,
        key_path=key_path,
        succeeded_by=successor,
    ) as database:
        ((path, old, new),) = made

        def change(uow: SqlUnitOfWork) -> int:
            log = uow.recorded.log
            record(uow, key_changed(log.size, log.root, old.signer, new.signer))
            uow.seal_acts_anew(old.verifier)
            return log.size

        index = asyncio.run(database.write(change))  # for as long as it takes: acts may be many
    try:
        with open_database(
            url, plant="", clock=clock, recording=recording, key_path=key_path
        ) as database:
            proved = database.verification.verifier
    except StoreTrouble as trouble:
        raise type(trouble)(
            sentence(
                "{problem}. The key was changed all the same: entry {entry} of the ledger names {key}, which signs from "
                "there on and lies at {aside}, if not at {path} already. The next start puts it in its place, once what "
                "was found here is mended; do not change it again for that",
                problem=words_of(trouble),
                entry=index,
                key=new.verifier.text,
                aside=key_aside(path, new.verifier),
                path=path,
            )
        ) from trouble
    assert proved == new.verifier  # noqa: S101  because the ledger names it, and was verified with it just now
    return ChangedKey(
        index=index,
        old=old.verifier,
        new=new.verifier,
        old_path=key_aside(path, old.verifier),
        path=path,
    )
