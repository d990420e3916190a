"""The demo's people: registered as `redrabbit people import` does, and told to whoever looks, to sign in as one of them.

Nothing by which somebody signs in stands in the code: badges, passwords and PINs are made at random for each telling. They are
printed once, and lie beside the demo's database in a file that only its owner can read.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from redrabbit.base.messages import Catalogue, Message
from redrabbit.base.private_files import replace_private
from redrabbit.base.sentence import said, sentence
from redrabbit.domain.credential import refuse_weak_pin
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import BadgeId
from redrabbit.domain.plant import Plant
from redrabbit.domain.role import Role
from redrabbit.services.importing_people import PersonRow, import_people
from redrabbit.services.people_at_server import link_code, person_said
from redrabbit.services.ports import UnitOfWork
from simulators.scenarios.demo.people import Carried, Person
from simulators.scenarios.demo.story import PEOPLE, ROLES

FILE: Final = "sign-in.txt"
ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0 and o, no 1, i and l."""
AUDIT_LASTS: Final = timedelta(days=60)
WITH_PIN: Final = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
"""Who may do at a station what takes a PIN."""
FIRST_OPERATOR: Final = next(iter(ROLES.values())).name
"""One operator has a password as well: to look at the pages as an operator sees them."""


def things_carried() -> dict[str, Carried]:
    """Return what everybody of the demo is known by, made at random; links are given when they are registered."""
    badges = secrets.SystemRandom().sample(range(10**6), len(PEOPLE))
    return {
        person.name: Carried(
            badge=f"B{number:06}",
            password=_password() if _signs_in(person) else "",
            pin=_pin() if Role(person.role) in WITH_PIN else None,
        )
        for person, number in zip(PEOPLE, badges, strict=True)
    }


def register(
    uow: UnitOfWork,
    plant: Plant,
    carried: Mapping[str, Carried],
    badge_id_of: Callable[[str], BadgeId],
) -> dict[str, str]:
    """Register everybody and return the code of each one's link to set a password, by name."""
    until = (uow.now + AUDIT_LASTS).astimezone(plant.zone).date()
    rows = tuple(
        PersonRow(
            row=number,
            name=person.name,
            employee_number=person.number,
            language=None,
            roles=(Role(person.role),),
            lines=() if person.line is None else (person.line,),
            until=None,
            expires=until if person.role == Role.AUDITOR else None,
            badge=carried[person.name].badge,
        )
        for number, person in enumerate(PEOPLE, 2)
    )
    import_people(uow, plant, rows, badge_id_of)
    names = [person.name for person in PEOPLE if _signs_in(person)]
    return {name: link_code(uow, person_said(uow, name).person_id, is_new=True) for name in names}


def sign_in_words(
    base_url: str, carried: Mapping[str, Carried], language: str, file: Path
) -> Sequence[str]:
    """Return what whoever looks has to know to be one of the demo's people, line by line."""
    roles = Catalogue(language)
    leader = next(person for person in PEOPLE if person.role == Role.SHIFT_LEADER)
    station = next(iter(ROLES))
    at = {role.name: each for each, role in ROLES.items()}
    told = [
        sentence(
            "sign in at {url}/sign-in as one of these (also in {file}):", url=base_url, file=file
        ),
        *(
            f"  {_padded(roles.render(Message(f'role.{person.role}')), 18)} {person.name:10} {has.password}"
            + (f"  PIN {has.pin}" if has.pin is not None else "")
            for person in PEOPLE
            if (has := carried[person.name]).password
        ),
        sentence(
            "at a station: as {name} make a code at {url}/stations/{station}/screens, type it at {url}/enrol in a second browser, and "
            "scan or type a badge there:",
            name=leader.name,
            url=base_url,
            station=station,
        ),
        *(
            f"  {person.name:10} {carried[person.name].badge}  {at.get(person.name, '')}".rstrip()
            for person in PEOPLE
        ),
    ]
    return [said(line, language) for line in told]


def keep(file: Path, lines: Sequence[str]) -> None:
    """Keep how one signs in, for the file's owner only; OSError where that can't be."""
    replace_private(file, "".join(f"{line}\n" for line in lines).encode())


def _signs_in(person: Person) -> bool:
    return person.role != Role.OPERATOR or person.name == FIRST_OPERATOR


def _password() -> str:
    """Return a password that can be read aloud: some 69 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(7)) for _ in range(2))


def _pin() -> str:
    while True:
        pin = f"{secrets.randbelow(10**6):06}"
        try:
            refuse_weak_pin(pin)
        except Refusal:
            continue
        return pin


def _padded(text: str, width: int) -> str:
    """Return a text as wide as a terminal's column: Chinese characters take two."""
    return text + " " * (width - sum(1 if each.isascii() else 2 for each in text))
