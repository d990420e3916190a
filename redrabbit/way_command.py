"""`redrabbit people way`: how messages about alarms reach somebody, said at the server with the service stopped."""

from pathlib import Path

from redrabbit.alarms.apprise_way import is_apprise_address, names_file, names_no_host
from redrabbit.base.printable import put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.identity import SERVER, PersonId
from redrabbit.domain.plant import Plant
from redrabbit.domain.way import WayKind, number_of_way
from redrabbit.exit_codes import exit_code_of
from redrabbit.people_command import at_the_server
from redrabbit.services.people_at_server import person_said
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.ways import WaysKnown, remove_way, set_way


def change_way(
    database_url: str,
    key_file: Path | None,
    said: str,
    *,
    kind: WayKind,
    address: str | None,
    remove: int | None,
) -> int:
    """Reach a person at an address, or in one of their ways no more."""

    def command(uow: UnitOfWork, plant: Plant) -> Sentence:
        person = PersonId(person_said(uow, said).person_id)
        if remove is not None:
            remove_way(uow, person, remove, actor=SERVER)
            return sentence(
                "{person} is not reached in way {number} any more", person=person, number=remove
            )
        known = WaysKnown(
            mails=plant.mail is not None,
            is_known=is_apprise_address,
            names_no_host=names_no_host,
            names_file=names_file,
        )
        way = set_way(uow, person, known.way(kind, address or ""), actor=SERVER)
        number = number_of_way(way.way_id)
        return sentence(
            "{person} is reached at {address} (way {number})",
            person=person,
            address=way.shown,
            number=number,
        )

    def work() -> int:
        put_out(at_the_server(database_url, key_file, command))
        return 0

    return exit_code_of(work)
