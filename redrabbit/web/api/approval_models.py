"""Approvals as programs read them: what one person decided or asks for, and another is to sign (D45)."""

from datetime import datetime
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import Field

from redrabbit.domain.approval import Approvable, ApprovalMode
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import ApprovalRecord
from redrabbit.domain.subject import Subject
from redrabbit.services.queries.approvals import ApprovalShown, ApprovalState, shown_of
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.models import Model, Who, WhoHow, model_of
from redrabbit.web.site import Site


class Approval(Model):
    """One decision that has effect, or one request that has none before it is approved."""

    of_entry: int = Field(description="Ledger entry that another person signs as approved.")
    act: Approvable
    subject: Subject
    subject_id: str = Field(description="The containment, part or occurrence that it is about.")
    mode: ApprovalMode = Field(description="`before`: a request; nothing of it is done yet.")
    state: ApprovalState = Field(description="As it stands now.")
    decided_by: Who = Field(description="Who decided, or asks.")
    decided_how: WhoHow
    decided_at: datetime
    reason_text: str | None = Field(description="Why, in the words of who asks.")
    stood_at: int | None = Field(
        description="Of a request: the ledger entry that had last changed what it is about."
    )
    waits_until: datetime | None = Field(
        description="When the approval is due; null: none is awaited."
    )
    ends_at: datetime | None = Field(description="When a request ends without an approval.")
    approved_by: Who | None
    approved_how: WhoHow | None
    approved_at: datetime | None
    ended_by: Who | None = Field(
        description="Who ended a request: refused, withdrew or changed it."
    )
    ended_how: WhoHow | None
    ended_at: datetime | None
    ended_text: str | None = Field(description="Why it was refused, in a person's words.")
    done_entry: int | None = Field(description="Ledger entry by which a request was carried out.")


OF_REQUESTS: Final = ("nobody_to_approve", "requested_already")
"""Codes by which an act is refused that would wait for another person."""

WAITS: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "model": Approval,
        "description": "The plant asks another person before (`approval: before`): it waits as a request, and is not done.",
    }
}
"""What a call answers besides whose act may have to wait for another person."""


def approval_model(shown: ApprovalShown, names: Names) -> Approval:
    """Return an approval as programs read it."""
    return model_of(Approval, shown.record, names, state=shown.state)


async def waiting_answer(site: Site, request: ApprovalRecord) -> JSONResponse:
    """Return the answer to an act that waits for the approval of another person: the request as it stands now.

    A call that is repeated under its key is told what became of it.
    """
    now = site.clock.now()

    def read(reader: Any) -> Approval:
        names = names_in(reader)
        stands = recorded(reader, ApprovalRecord, request.of_entry)
        return approval_model(shown_of(reader, names, stands, now), names)

    model = await site.service.read(read)
    return JSONResponse(model.model_dump(mode="json"), status_code=202)
