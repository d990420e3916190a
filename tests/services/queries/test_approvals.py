"""How it stands with what another person is to approve (D45)."""

from typing import Any

from redrabbit.domain import acts
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.records import PersonRecord
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.services.queries.approvals import approval_of, approvals_page, waiting_count
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.signatures import SignPage, sign_page
from tests.services.test_approving import AFTER, desk_with
from tests.services.test_signing import BENT, PART, Desk


def state(desk: Desk) -> str | None:
    now = desk.served.clock.now()

    def read(reader: Any) -> str | None:
        found = approval_of(reader, names_in(reader), Subject.PART, PART, now)
        return found.state if found is not None else None

    told: str | None = desk.ask(read)
    return told


async def test_an_approval_is_due_then_overdue_then_given() -> None:
    desk = await desk_with(AFTER)
    assert state(desk) == "due"
    desk.served.pass_time(7200)
    assert state(desk) == "overdue"
    await desk.sign(desk.to_sign(Meaning.APPROVED), desk.lin, desk.shown(desk.lin))
    assert state(desk) == "given"
    assert desk.ask(waiting_count) == 0


async def test_one_persons_decision_is_marked() -> None:
    alone = ApprovalRules(modes={Approvable.RELEASE_PART: ApprovalMode.ALONE})
    assert state(await desk_with(alone)) == "alone"


async def test_what_is_not_asked_or_was_changed_has_no_approval() -> None:
    assert state(await desk_with(ApprovalRules())) is None
    desk = await desk_with(AFTER)
    await desk.served.service.do(BENT, desk.chen)
    assert state(desk) is None
    await desk.served.service.do(acts.ReleasePart(part_id=PART), desk.lin)
    now = desk.served.clock.now()
    page = desk.ask(lambda reader: approvals_page(reader, now))
    assert [(one.record.decided_by, one.state) for one in page.waiting] == [(desk.lin.id, "due")]


async def test_the_meaning_that_an_awaited_approval_needs_is_chosen_beforehand() -> None:
    """A shift leader reviewed, and the approval was still awaited."""
    desk = await desk_with(AFTER)

    def page() -> SignPage:
        now, plant = desk.served.clock.now(), desk.served.plant
        entry = desk.to_sign().entry
        found: SignPage = desk.ask(
            lambda reader: sign_page(
                reader,
                plant,
                entry,
                reader.get(PersonRecord, desk.lin.id),
                language=PersonLanguage.EN,
                now=now,
            )
        )
        return found

    assert (page().waits, page().chosen, page().given) == (True, Meaning.APPROVED, ())
    await desk.sign(desk.to_sign(Meaning.REVIEWED), desk.lin, desk.shown(desk.lin))
    assert (page().waits, page().chosen) == (True, Meaning.APPROVED)
    assert page().given == (Meaning.REVIEWED,)
    desk.served.pass_time(7200)
    assert page().waits  # overdue
    await desk.sign(desk.to_sign(Meaning.APPROVED), desk.lin, desk.shown(desk.lin))
    assert (page().waits, page().meanings) == (False, ())
    assert page().given == (Meaning.REVIEWED, Meaning.APPROVED)
