"""Refuses a ledger that another key of its log has signed than those which it knows: the two are not of one time.

A backup from before a change of the key is whole in itself, and the key that came later can't vouch for it. That it is
signed by another key is told here in words; whether a signature is right is verified elsewhere.
"""

from sqlalchemy import Connection

from redrabbit.base.sentence import sentence
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.signed_note import parse_note
from redrabbit.services.errors import LostHistory
from redrabbit.services.log_keys import keys_of
from redrabbit.store import ledger
from redrabbit.store.log_key import PlacedKey, key_aside
from redrabbit.store.reading import SqlReader


def keys_for_opening(connection: Connection, placed: PlacedKey) -> LogKeys:
    """Return the keys to which the ledger leads from the one in place.

    LostHistory where its head names only other keys of this log.
    """
    keys = keys_of(SqlReader(connection), placed.key.verifier)
    try:
        signatures = parse_note(ledger.read_head(connection).checkpoint).signatures
    except ValueError:
        return keys  # whoever verifies the head says what is wrong with it
    signers = [line.key_id.hex() for line in signatures if line.name == keys.name]
    known = {key.key_id.hex() for key in keys.all}
    if not signers or known & set(signers):
        return keys
    beside = key_aside(placed.path, keys.trusted).name.replace(
        keys.trusted.key_id.hex(), signers[0]
    )
    raise LostHistory(
        sentence(
            "the ledger was signed last by the key {name}+{signers}, and the key in place, {path}, is {hex}: "
            "by the ledger's entries, none was changed to that. An older copy was put in place, from before "
            "the key was changed, or somebody without the key wrote to it. Put the right database back. If "
            "it is gone for good, put the key {signers} back in its place (it may lie beside as {beside}), "
            "record the loss with `redrabbit accept-loss … --public-key FILE`, and change the key anew with "
            "`redrabbit change-key`",
            name=keys.name,
            signers=signers[0],
            path=placed.path,
            hex=keys.trusted.key_id.hex(),
            beside=beside,
        )
    )
