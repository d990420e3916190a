"""`redrabbit accept-loss`: goes on with a ledger that is shorter, or another, than it was (D62).

With the service stopped. What is lost is recorded in the ledger with the name of who accepted it, and an alarm stands
until a person acknowledges it. Nothing is brought back.
"""

from contextlib import suppress
from pathlib import Path

from redrabbit import __version__
from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import SteadyClock
from redrabbit.base.printable import put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.base.signing import DamagedKey, load_public_key
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.escalation import Escalation
from redrabbit.domain.facts.catalogue import fact_of, fold
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.head_verification import checkpoint_in
from redrabbit.domain.identity import Actor, person_name
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.merkle import stored_frontier
from redrabbit.domain.plant import NotificationTarget
from redrabbit.domain.signed_note import parse_note
from redrabbit.exit_codes import exit_code_of
from redrabbit.services.accepting_loss import accept_loss
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.log_keys import keys_of
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.stated_names import id_of
from redrabbit.store.database import SqlDatabase
from redrabbit.store.database_files import companion, refuse_no_file
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.remembered_head import RememberedHead
from redrabbit.store.unit_of_work import Recording
from redrabbit.store.verification import kept_note


def accept_loss_at(
    database_url: str,
    *,
    kept_checkpoint: Path,
    by: str,
    key_file: Path | None,
    public_key: Path | None = None,
) -> int:
    """Record that the history of a kept checkpoint is lost; says so where nothing is lost.

    `public_key` is the one that signed it, where what was lost holds the change to that key.
    """

    def work() -> int:
        note, name = kept_note(kept_checkpoint), person_name(by)
        told = parse_checkpoint(parse_note(note).text)  # believed only once the key is there
        path = sqlite_path(parsed_url(database_url))
        if path is not None:
            refuse_no_file(path)
        key_path = key_file or (path and companion(path, ".key"))
        receivers, rules = _told_by(database_url)
        recording = Recording(
            fold=fold, software=f"redrabbit {__version__}", targets=receivers, escalation=rules
        )
        with open_database(
            database_url,
            plant="",
            clock=SteadyClock(),
            recording=recording,
            key_path=key_file,
            accepted_loss=told,
        ) as database:
            verifier = database.verification.verifier
            keys = (
                database.read_now(lambda reader: keys_of(reader, verifier))
                if public_key is None
                else LogKeys(trusted=load_public_key(public_key))
            )
            kept = checkpoint_in(note, keys, str(kept_checkpoint), "kept_unreadable")
            if not isinstance(kept, Checkpoint) or kept.origin != verifier.name:
                raise StoreTrouble(
                    sentence(
                        "{file}: it is no checkpoint of this ledger, signed with its key of that time. If the change "
                        "to the key that signed it is lost, too, name that key with --public-key FILE",
                        file=kept_checkpoint,
                    )
                )
            lost = database.read_now(lambda reader: _lost(reader, kept))
            if lost is not None and database.read_now(lambda reader: _is_recorded(reader, kept)):
                _remember(database, key_path)
                put_out(sentence("this loss is recorded already"))
                return 0
            if lost is None:
                put_out(
                    sentence("nothing is lost: the ledger begins with the one of this checkpoint")
                )
                return 0

            def accept(uow: UnitOfWork) -> None:
                accept_loss(uow, lost, Actor.stated(id_of(uow, name)))

            database.write_now(accept)
        put_out(
            sentence("recorded by {name}: {what}", name=name, what=_in_words(lost)),
            sentence("start the service again; an alarm stands until a person acknowledges it"),
        )
        return 0

    return exit_code_of(work, DamagedKey)


def _remember(database: SqlDatabase, key_path: Path | None) -> None:
    """Remember the head: killed before that, the one of the lost history stands there still, and no service starts."""
    head = database.read_now(lambda reader: reader.head())
    if key_path is not None:
        RememberedHead(key_path).remember(head, SteadyClock(), at_once=True)


def _told_by(database_url: str) -> tuple[tuple[NotificationTarget, ...], Escalation]:
    """Return who is told, and in which steps: those of the plant in force, where that can be read."""
    with open_for_reading(database_url) as database:
        with suppress(StoreTrouble, ConfigurationProblems):
            plant = database.read_now(plant_in_force)
            return plant.targets, plant.escalation
        return (), Escalation()


def _lost(reader: Reader, kept: Checkpoint) -> HistoryLost | None:
    """Return what is lost of a kept history; None where the ledger begins with it."""
    head = reader.head()
    if kept.size <= head.size and stored_frontier(kept.size, reader.tree_node).root == kept.root:
        return None
    return HistoryLost(
        size=kept.size, root=kept.root.hex(), found_size=head.size, found_root=head.root
    )


def _is_recorded(reader: Reader, kept: Checkpoint) -> bool:
    """Tell whether somebody has accepted the loss of this history before."""
    told = map(fact_of, reader.entries_of(HistoryLost.TYPE))
    return any(
        isinstance(fact, HistoryLost) and (fact.size, fact.root) == (kept.size, kept.root.hex())
        for fact in told
    )


def _in_words(lost: HistoryLost) -> Sentence:
    if lost.found_size >= lost.size:
        return sentence(
            "the history of {size} entries is lost, and the ledger goes on with another",
            size=lost.size,
        )
    return sentence(
        "the ledger lost at least {lost} entries: it had {size}, and goes on with {found}",
        lost=lost.size - lost.found_size,
        size=lost.size,
        found=lost.found_size,
    )
