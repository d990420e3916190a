"""`redrabbit token`: what programs act with, at the server and with the service stopped; `list` also beside it."""

import json
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Final

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import wall_now
from redrabbit.base.messages import zoned
from redrabbit.base.printable import columns, put_out
from redrabbit.base.sentence import sentence
from redrabbit.domain.beside import digest_of, new_secret
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import SERVER, LineId, TokenId
from redrabbit.domain.ledger import instant_text
from redrabbit.domain.people_acts import IssueToken
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import TokenRecord
from redrabbit.exit_codes import exit_code_of
from redrabbit.people_command import at_the_server, where_words
from redrabbit.services import tokens
from redrabbit.services.people_at_server import person_said
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import name_now, names_in
from redrabbit.store.reading_database import open_for_reading


def issue_token(
    database_url: str,
    key_file: Path | None,
    *,
    name: str,
    owner: str,
    scopes: tuple[Scope, ...],
    line: str | None,
    days: int,
) -> int:
    """Issue a token and print it once; only a digest of it is kept."""
    secret = new_secret()

    def command(uow: UnitOfWork, plant: Plant) -> TokenRecord:
        asked = IssueToken(
            name=name,
            person_id=person_said(uow, owner).person_id,
            scopes=scopes,
            line=None if line is None else LineId(line),
            expires_at=uow.now + timedelta(days=days),
            secret_digest=digest_of(secret),
        )
        return tokens.issue(uow, plant, asked, actor=SERVER)

    def work() -> int:
        token = at_the_server(database_url, key_file, command)
        put_out(
            sentence(
                "{token} until {until}; it is shown once, now:",
                token=token.token_id,
                until=instant_text(token.expires_at),
            ),
            token_text(token.token_id, secret),
        )
        return 0

    return exit_code_of(work)


def revoke_token(database_url: str, key_file: Path | None, token_id: str) -> int:
    """Let a token be worth nothing."""

    def command(uow: UnitOfWork, _plant: Plant) -> TokenRecord:
        return tokens.revoke(uow, TokenId(token_id), actor=SERVER)

    def work() -> int:
        token = at_the_server(database_url, key_file, command)
        put_out(sentence("{name}: {what}", name=token.token_id, what=sentence("revoked")))
        return 0

    return exit_code_of(work)


def list_tokens(database_url: str, *, as_json: bool) -> int:
    """List tokens that are worth something now."""

    def work() -> int:
        now = wall_now()
        with open_for_reading(database_url) as database:
            found = database.read_now(lambda reader: reader.find(TokenRecord, order_by="number"))
            names = database.read_now(names_in)
            zone = database.read_now(plant_in_force).zone
        now_good = [each for each in found if each.revoked_at is None and now < each.expires_at]
        if as_json:
            rows = [_row(token, name_now(names, token.person_id)) for token in now_good]
            put_out(json.dumps(rows, ensure_ascii=False))
        elif now_good:
            rows_told = [_told(token, name_now(names, token.person_id), zone) for token in now_good]
            put_out(*columns([_HEADINGS, *rows_told]))
        else:
            put_out(sentence("no token is worth anything now"))
        return 0

    return exit_code_of(work)


def _row(token: TokenRecord, owner: str) -> dict[str, object]:
    return {
        "token_id": token.token_id,
        "name": token.name,
        "owner": owner,
        "scopes": sorted(token.allowed),
        "line": token.line,
        "expires_at": instant_text(token.expires_at),
    }


_HEADINGS: Final = (
    sentence("NUMBER"),
    sentence("NAME"),
    sentence("OWNER"),
    sentence("MAY"),
    sentence("WHERE"),
    sentence("UNTIL"),
)


def _told(token: TokenRecord, owner: str, zone: tzinfo) -> tuple[str, ...]:
    return (
        token.token_id,
        token.name,
        owner,
        ", ".join(sorted(token.allowed)),
        where_words(token.line),
        zoned(token.expires_at, zone),
    )


def token_text(token_id: str, secret: str) -> str:
    """Return a token as a program sends it: a form that scanners for secrets find."""
    return f"rrt_{token_id}_{secret}"
