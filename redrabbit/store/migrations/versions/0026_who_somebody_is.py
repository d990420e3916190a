"""What proves who somebody is: digests of passwords, sessions, codes, screens, tokens (decision 0039)."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
TRUTH = sa.Boolean().with_variant(sqlite.INTEGER(), "sqlite")


def _table(
    name: str, key: tuple[str, ...], **columns: tuple[sa.types.TypeEngine[Any], bool]
) -> None:
    op.create_table(
        name,
        *(
            sa.Column(each, type_, nullable=may_be_none)
            for each, (type_, may_be_none) in columns.items()
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        sqlite_strict=True,
    )


def upgrade() -> None:
    words, whole = (WORDS, False), (WHOLE, False)
    _table(
        "credentials",
        ("person_id", "kind"),
        person_id=words,
        kind=words,
        hash=words,
        set_at=whole,
        must_change=(TRUTH, False),
    )
    _table(
        "one_time_codes",
        ("digest",),
        digest=words,
        purpose=words,
        subject=words,
        made_at=whole,
        expires_at=whole,
        used_at=(WHOLE, True),
    )
    op.create_index("ix_one_time_codes_purpose_subject", "one_time_codes", ["purpose", "subject"])
    _table("screen_secrets", ("digest",), digest=words, screen_id=words, made_at=whole)
    _table(
        "sessions",
        ("digest",),
        digest=words,
        person_id=words,
        how=words,
        created_at=whole,
        seen_at=whole,
        absolute_until=whole,
        authenticated_at=whole,
        address=words,
        agent=words,
        ended_at=(WHOLE, True),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    _table("sign_in_attempts", ("subject",), subject=words, failures=whole, last_at=whole)
    _table("token_secrets", ("token_id",), token_id=words, digest=words, made_at=whole)


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
