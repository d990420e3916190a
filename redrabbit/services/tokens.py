"""API tokens: issued with an owner, scopes, a line and an end; revoked (R19, D65)."""

from datetime import timedelta
from typing import Final

from redrabbit.domain.beside import TokenSecret
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.token import TokenIssued, TokenRevoked
from redrabbit.domain.identity import Actor, TokenId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_acts import IssueToken
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import RoleGrantRecord, TokenRecord
from redrabbit.domain.token_rights import refuse_beyond_owner
from redrabbit.services.people import the_active_person
from redrabbit.services.plant_numbers import next_in_plant
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.station_screens import called

LONGEST_TOKEN: Final = timedelta(days=400)
"""Somebody looks at each token again within a year and a month."""


def issue(uow: UnitOfWork, plant: Plant, asked: IssueToken, *, actor: Actor) -> TokenRecord:
    """Give a program a token; its secret is made and shown by who asks, of whom the digest comes."""
    owner = the_active_person(uow, asked.person_id)
    if not asked.scopes:
        raise Refusal("scopes_required")
    if asked.line is not None and asked.line not in {line.id for line in plant.lines}:
        raise Refusal("no_such_line", line=asked.line)
    held = uow.find(RoleGrantRecord, equals("person_id", owner.person_id))
    refuse_beyond_owner(asked.scopes, owner, held, line=asked.line, at=uow.now, issued_by=actor.id)
    latest = uow.now + LONGEST_TOKEN
    if asked.expires_at <= uow.now:
        raise Refusal("end_is_past", value=asked.expires_at)
    if asked.expires_at > latest:
        raise Refusal("token_too_long", limit=latest)
    token_id = TokenId(next_in_plant(uow, TokenRecord))
    issued = TokenIssued(
        token_id=token_id,
        name=called(asked.name),
        person_id=asked.person_id,
        scopes=tuple(sorted(set(asked.scopes))),
        line=asked.line,
        expires_at=asked.expires_at,
    )
    record(uow, issued, stream=PLANT_STREAM, actor=actor)
    if asked.secret_digest is not None:
        uow.keep_row(TokenSecret(token_id=token_id, digest=asked.secret_digest, made_at=uow.now))
    return recorded(uow, TokenRecord, token_id)


def revoke(uow: UnitOfWork, token_id: TokenId, *, actor: Actor) -> TokenRecord:
    """Let a token be worth nothing any more."""
    known = uow.get(TokenRecord, token_id)
    if known is None or known.revoked_at is not None:
        raise Refusal("no_such_token", token=token_id)
    record(uow, TokenRevoked(token_id=token_id), stream=PLANT_STREAM, actor=actor)
    uow.forget_rows(TokenSecret, token_id=token_id)
    return recorded(uow, TokenRecord, token_id)
