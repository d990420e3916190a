"""That a way was set or removed stands in the ledger, and no address."""

from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.way import WayRemoved, WaySet
from redrabbit.domain.identity import PersonId
from redrabbit.domain.way import WayKind
from tests.domain.folded import FoldedLedger


def test_it_says_whose_which_and_of_what_kind_and_a_number_that_was_given_stays_so() -> None:
    said = WaySet(person_id=PersonId("p-0001"), number=1, kind=WayKind.MAIL)
    gone = WayRemoved(person_id=PersonId("p-0001"), number=1)
    assert encode(said) == {"person_id": "p-0001", "number": 1, "kind": "mail"}
    ledger = FoldedLedger()
    ledger.say("person_registered", 0, person_id="p-0001", name="name:li", kind="person")
    assert ledger.the(PersonRecord, "p-0001").last_way == 0
    second = WaySet(person_id=PersonId("p-0001"), number=2, kind=WayKind.MAIL)
    for fact in (said, second, gone, said):  # the number was given again before it was kept
        ledger.say(fact.TYPE, 0, **encode(fact))
    assert ledger.the(PersonRecord, "p-0001").last_way == 2
