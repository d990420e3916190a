"""Electronic signatures: what is signed, by whom, and signing (R20)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request

from redrabbit.domain import acts
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, name_then, names_in
from redrabbit.services.queries.signatures import (
    SignatureShown,
    SignPage,
    shown_of,
    sign_page,
    some_signatures,
)
from redrabbit.web.api.models import Model, Page, Signature
from redrabbit.web.api.paging import Limit, cursor_number
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act
from redrabbit.web.api.session import OF_PASSWORDS
from redrabbit.web.api.values import Key, Position
from redrabbit.web.showing_again import shown_again
from redrabbit.web.site import Site
from redrabbit.web.visitor import actor, asker_at

DIGEST = r"^[0-9a-f]{64}$"
MOST_ENTRIES = 2**53
"""JSON's whole numbers are sure up to here."""


class ToSign(Model):
    """What is signed of a record, and who has signed."""

    entry: int = Field(description="The last entry of the record: what is signed now.")
    leaf_hash: str
    subject: Subject
    subject_id: str
    text: str = Field(description="To be shown to whoever signs, whole and unchanged.")
    shown: str = Field(description="SHA-256, hex, of the text in UTF-8.")
    language: PersonLanguage
    meanings: list[Meaning] = Field(description="In which whoever asks may sign now.")
    signatures: list[Signature]


class NewSignature(Act):
    """Sign a finished record."""

    entry: int = Field(ge=0, le=MOST_ENTRIES)
    leaf_hash: Annotated[str, Field(pattern=DIGEST)]
    meaning: Meaning
    shown: Annotated[str, Field(pattern=DIGEST, description="Of the text that was shown.")]
    language: PersonLanguage
    password: str | None = Field(
        default=None, min_length=1, max_length=512, description="Of whoever is signed in."
    )
    pin: str | None = Field(
        default=None, min_length=1, max_length=12, description="Of whoever is at the station."
    )


def signatures_router(site: Site) -> APIRouter:
    """Return signatures, what is signed, and signing."""
    router = APIRouter(tags=["ledger"])

    @router.get("/signatures", openapi_extra=refuses("entry_damaged"))
    async def list_signatures(
        entry: Annotated[
            int | None,
            Query(ge=0, le=MOST_ENTRIES, description="Those of the record that it finished."),
        ] = None,
        limit: Limit = 50,
        cursor: Position = None,
    ) -> Page[Signature]:
        """Return signatures in the order in which they were given; those of a changed record are among them."""
        begin = cursor_number(cursor) if cursor is not None else 0

        def query(reader: Reader) -> Page[Signature]:
            names = names_in(reader)
            found = some_signatures(reader, names, entry=entry, first=begin, limit=limit + 1)
            more = str(found[limit].record.signed_entry) if len(found) > limit else None
            return Page(items=[signature_model(one, names) for one in found[:limit]], next=more)

        return await site.service.read(query)

    @router.get(
        "/signatures/{entry}",
        openapi_extra=refuses("entry_damaged", "no_such_entry", "nothing_to_sign"),
    )
    async def read_what_is_signed(
        request: Request,
        entry: Annotated[int, Path(ge=0, le=MOST_ENTRIES)],
        language: Annotated[PersonLanguage, Query()] = PersonLanguage.EN,
    ) -> ToSign:
        """Return the record that an entry finished as it is signed now: its text, and in which meanings."""
        plant, person, now = site.service.plant, asker_at(request).person, site.clock.now()

        def query(reader: Reader) -> ToSign:
            page = sign_page(reader, plant, entry, person, language=language, now=now)
            return _to_sign(page, names_in(reader))

        return await site.service.read(query)

    _add_signing(router, site)
    return router


def _to_sign(page: SignPage, names: Names) -> ToSign:
    return ToSign(
        entry=page.entry,
        leaf_hash=page.leaf_hash,
        subject=page.subject,
        subject_id=page.subject_id,
        text=page.text,
        shown=page.shown,
        language=page.language,
        meanings=list(page.meanings),
        signatures=[signature_model(one, names) for one in page.signatures],
    )


def _add_signing(router: APIRouter, site: Site) -> None:
    @router.post(
        "/signatures",
        status_code=201,
        openapi_extra=refuses(
            *OF_PASSWORDS,
            "sign_in_failed",
            "wrong_password",
            "wrong_pin",
            "asker_may_not",
            "entry_damaged",
            "excuse_too_early",
            "leaf_differs",
            "meaning_does_not_fit",
            "no_such_entry",
            "nothing_to_sign",
            "reauthentication_required",
            "no_such_request",
            "record_changed",
            "request_ended",
            "request_not_possible",
            "shown_differs",
            "signed_before",
            "signed_by_another",
            "signed_by_who_did_it",
        ),
    )
    async def sign(request: Request, body: NewSignature, key: Key = None) -> Signature:
        """Sign a record, with what was on the screen; the person has shown within 60 seconds who they are.

        Password or PIN may come with it, or have been given just before. Programs never sign. A request that is signed as
        approved (`/approvals`) is carried out with it, or refused with it.
        """
        shown = await shown_again(site, request, password=body.password or "", pin=body.pin or "")
        act = acts.GiveSignature(
            entry=body.entry,
            leaf_hash=body.leaf_hash,
            meaning=body.meaning,
            shown=body.shown,
            language=body.language,
        )
        by = await actor(site.service, request, body.operator or "", act)
        signature = await site.service.do(act, by, key, shown=shown)
        return await site.service.read(
            lambda reader: signature_model(shown_of(reader, signature), names_in(reader))
        )


def signature_model(one: SignatureShown, names: Names) -> Signature:
    """Return a signature as programs read it."""
    record = one.record
    return Signature(
        entry=record.of_entry,
        leaf_hash=record.leaf_hash,
        subject=record.subject,
        subject_id=record.subject_id,
        meaning=record.meaning,
        signed_at=record.signed_at,
        signed_by=name_then(names, record.signed_by, record.signed_entry),
        signed_how=record.signed_how,
        auth_at=record.auth_at,
        shown=record.shown,
        language=record.language,
        stands=one.stands,
        signed_entry=record.signed_entry,
    )
