"""What the forms of a person's page ask about qualifications."""

from datetime import tzinfo

from redrabbit.domain.identity import PersonId, QualificationId
from redrabbit.domain.people_acts import RecordQualification, WithdrawQualification
from redrabbit.services.queries.qualifications import QualifiedFor
from redrabbit.web.pages.forms import Form, word
from redrabbit.web.values import end_of_day


def recorded(person_id: PersonId, form: Form, zone: tzinfo) -> RecordQualification:
    """Return what the form says that somebody was trained for, `station:op20`, and until the end of which day."""
    said, _, what = form.get("what", "").partition(":")
    kind = word(QualifiedFor, said)
    return RecordQualification(
        person_id=person_id,
        station=what if kind is QualifiedFor.STATION else None,
        device=what if kind is QualifiedFor.DEVICE else None,
        check_id=what if kind is QualifiedFor.CHECK else None,
        valid_until=end_of_day(form.get("until", ""), zone),
    )


def withdrawn(person_id: PersonId, form: Form, _zone: tzinfo) -> WithdrawQualification:
    """Return which qualification of the person the form withdraws."""
    return WithdrawQualification(
        person_id=person_id, qualification_id=QualificationId(form.get("qualification", ""))
    )
