"""What pages say of qualifications: all that were not withdrawn, and that one is over from its end on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.domain.identity import PersonId
from redrabbit.domain.people_acts import RecordQualification, WithdrawQualification
from redrabbit.domain.records import QualificationRecord
from redrabbit.services.queries.people import Names
from redrabbit.services.queries.qualifications import (
    QualifiedFor,
    qualification_choices,
    qualification_row,
    qualification_rows,
)
from tests.plants import BEGIN, OP20, TORQUE_CHECK, a_plant
from tests.services.people_served import ADMINISTRATOR, a_person, with_administrator

TOMORROW = BEGIN + timedelta(days=1)


async def test_the_rows_are_a_persons_own_without_what_was_withdrawn() -> None:
    served = await with_administrator()
    li, wang = [PersonId((await a_person(served, name)).id) for name in ("Li", "Wang")]
    for whom in (li, wang, li):
        await served.service.do(RecordQualification(person_id=whom, station=OP20), ADMINISTRATOR)
    first, last = await served.service.read(
        lambda reader: qualification_rows(reader, li, Names(), BEGIN)
    )
    assert (first.qualification, last.qualification) == ("q-0001", "q-0003")
    (held,) = await served.service.read(
        lambda reader: [each for each in reader.find(QualificationRecord) if each.person_id == wang]
    )
    withdraw = WithdrawQualification(person_id=wang, qualification_id=held.qualification_id)
    await served.service.do(withdraw, ADMINISTRATOR)
    rows = await served.service.read(
        lambda reader: qualification_rows(reader, wang, Names(), BEGIN)
    )
    assert rows == ()
    until = replace(held, valid_until=TOMORROW)
    assert not qualification_row(until, Names(), TOMORROW - timedelta(microseconds=1)).is_over
    assert qualification_row(until, Names(), TOMORROW).is_over
    assert not qualification_row(held, Names(), TOMORROW).is_over


@pytest.mark.parametrize("kind", QualifiedFor)
def test_all_that_the_plant_has_can_be_chosen(kind: QualifiedFor) -> None:
    plant = a_plant()
    (choices,) = [each.choices for each in qualification_choices(plant) if each.kind is kind]
    known = {
        QualifiedFor.STATION: OP20,
        QualifiedFor.DEVICE: plant.station(OP20).devices[0].id,
        QualifiedFor.CHECK: TORQUE_CHECK,
    }
    assert known[kind] in {each.what for each in choices}
