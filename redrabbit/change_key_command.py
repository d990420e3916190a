"""`redrabbit change-key`: another key signs the ledger from here on, and both keys have signed that (decision 0033).

With the service stopped: as a matter of routine, or because somebody may have got at the key. The ledger goes on, and
so does its name.
"""

from pathlib import Path

from redrabbit import __version__
from redrabbit.base.clock import SteadyClock
from redrabbit.base.printable import put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.identity import Actor, person_name
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.exit_codes import exit_code_of
from redrabbit.services.record_fact import record
from redrabbit.services.stated_names import id_of
from redrabbit.store.changing_key import ChangedKey, change_key
from redrabbit.store.database_files import refuse_no_file
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.unit_of_work import Recording, SqlUnitOfWork


def change_key_at(database_url: str, *, by: str, key_file: Path | None) -> int:
    """Change the key, record who had it changed, and say where both keys lie and what to do with the old one."""

    def work() -> int:
        name = person_name(by)
        path = sqlite_path(parsed_url(database_url))
        if path is not None:
            refuse_no_file(path)

        def recorded(uow: SqlUnitOfWork, fact: KeyChanged) -> None:
            record(uow, fact, stream=PLANT_STREAM, actor=Actor.stated(id_of(uow, name)))

        changed = change_key(
            database_url,
            clock=SteadyClock(),
            recording=Recording(fold=fold, software=f"redrabbit {__version__}"),
            key_path=key_file,
            record=recorded,
        )
        put_out(*_in_words(changed, name))
        return 0

    return exit_code_of(work)


def _in_words(changed: ChangedKey, name: str) -> tuple[Sentence, ...]:
    return (
        sentence(
            "recorded by {name}: the key was changed at entry {entry}",
            name=name,
            entry=changed.index,
        ),
        sentence(
            "new public key, {file}: {key}",
            file=changed.path.with_suffix(".pub"),
            key=changed.new.text,
        ),
        sentence(
            "give it to whoever keeps the old one; until then the ledger itself leads from the old one to it"
        ),
        sentence(
            "new private key: {file}; the ledger was just opened with it. Copy it to where your copies lie",
            file=changed.path,
        ),
        sentence(
            "old public key, {file}: {key}",
            file=changed.old_path.with_suffix(".pub"),
            key=changed.old.text,
        ),
        sentence(
            "old private key: {file}; what it signs beyond that entry is not believed any more",
            file=changed.old_path,
        ),
        sentence(
            "if it may be in other hands, destroy it everywhere; otherwise keep it, away from this machine, "
            "for as long as a backup from before may have to be gone on with"
        ),
    )
