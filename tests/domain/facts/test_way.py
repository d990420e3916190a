"""That a way was set or removed stands in the ledger, and no address."""

from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.way import WayRemoved, WaySet
from redrabbit.domain.identity import PersonId
from redrabbit.domain.way import WayKind
from tests.domain.folded import FoldedLedger


def test_it_says_whose_which_and_of_what_kind_and_changes_no_record() -> None:
    said = WaySet(person_id=PersonId("p-0001"), number=1, kind=WayKind.MAIL)
    gone = WayRemoved(person_id=PersonId("p-0001"), number=1)
    assert encode(said) == {"person_id": "p-0001", "number": 1, "kind": "mail"}
    ledger = FoldedLedger()
    for fact in (said, gone):
        ledger.say(fact.TYPE, 0, **encode(fact))
    assert not ledger.records
