"""The first schema: ledger and head, one table a kind of record, outbox, deliveries, heartbeats.

Written out and frozen: what this made does not change when `redrabbit.store.tables` does.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
INSTANT = WHOLE
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
DAY = WORDS
TRUTH = sa.Boolean().with_variant(sqlite.INTEGER(), "sqlite")
REAL: sa.types.TypeEngine[float] = postgresql.DOUBLE_PRECISION().with_variant(
    sqlite.REAL(), "sqlite"
)
RAW = sa.LargeBinary()


def upgrade() -> None:
    _create_ledger()
    _create_plant()
    _create_obligations()
    _create_runs()
    _create_cases()
    _create_asides()


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("index", WHOLE, nullable=False, autoincrement=False),
        sa.Column("type", WORDS, nullable=False),
        sa.Column("schema", WHOLE, nullable=False),
        sa.Column("stream", WORDS, nullable=False),
        sa.Column("stream_seq", WHOLE, nullable=False),
        sa.Column("previous", WORDS, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("raw", RAW, nullable=False),
        sa.Column("leaf_hash", RAW, nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_ledger")),
        sa.UniqueConstraint("stream", "stream_seq", name=op.f("uq_ledger_stream_stream_seq")),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("root", WORDS, nullable=False),
        sa.Column("checkpoint", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_one_row")),
        sqlite_strict=True,
    )


def _create_plant() -> None:
    op.create_table(
        "agents",
        sa.Column("agent_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT, nullable=True),
        sa.Column("software", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agents")),
        sqlite_strict=True,
    )
    op.create_table(
        "challenge_parts",
        sa.Column("part_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("category", WORDS, nullable=False),
        sa.Column("failure_mode", WORDS, nullable=True),
        sa.Column("storage", WORDS, nullable=False),
        sa.Column("valid_until", DAY, nullable=False),
        sa.Column("wear_limit_uses", WHOLE, nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("state_reason", WORDS, nullable=True),
        sa.Column("custody", WORDS, nullable=False),
        sa.Column("custody_at", INSTANT, nullable=False),
        sa.Column("run_id", WHOLE, nullable=True),
        sa.Column("uses", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("part_id", name=op.f("pk_challenge_parts")),
        sqlite_strict=True,
    )
    op.create_table(
        "configurations",
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("adopted_at", INSTANT, nullable=False),
        sa.Column("software", WORDS, nullable=False),
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("content", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_configurations")),
        sqlite_strict=True,
    )
    op.create_table(
        "stations",
        sa.Column("station_id", WORDS, nullable=False),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("no_data_since", INSTANT, nullable=True),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_stations")),
        sqlite_strict=True,
    )


def _create_obligations() -> None:
    op.create_table(
        "checks",
        sa.Column("check_id", WORDS, nullable=False),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("station", WORDS, nullable=False),
        sa.Column("device", WORDS, nullable=False),
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("plan_line", WORDS, nullable=False),
        sa.Column("pfmea", WORDS, nullable=False),
        sa.Column("schedule", WORDS, nullable=False),
        sa.Column("adopted_at", INSTANT, nullable=False),
        sa.Column("scheduled_until", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_checks")),
        sqlite_strict=True,
    )
    op.create_table(
        "occurrences",
        sa.Column("occurrence_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("check_id", WORDS, nullable=False),
        sa.Column("trigger_key", WORDS, nullable=False),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("station", WORDS, nullable=False),
        sa.Column("device", WORDS, nullable=False),
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("opens_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("grace_ends_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("outcome", WORDS, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", WORDS, nullable=True),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("run_id", WHOLE, nullable=True),
        sa.Column("held_until", INSTANT, nullable=True),
        sa.Column("inconclusive_runs", WHOLE, nullable=False),
        sa.Column("overdue_told", TRUTH, nullable=False),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_occurrences")),
        sa.UniqueConstraint(
            "check_id", "trigger_key", name=op.f("uq_occurrences_check_id_trigger_key")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_occurrences_check_id_outcome_due_at"),
        "occurrences",
        ["check_id", "outcome", "due_at"],
    )
    op.create_index(op.f("ix_occurrences_device"), "occurrences", ["device"])
    op.create_index(op.f("ix_occurrences_due_at"), "occurrences", ["due_at"])
    op.create_index(op.f("ix_occurrences_line_due_at"), "occurrences", ["line", "due_at"])
    op.create_index(
        op.f("ix_occurrences_outcome_closes_at"), "occurrences", ["outcome", "closes_at"]
    )
    op.create_table(
        "pauses",
        sa.Column("pause_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("begins_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("author", WORDS, nullable=False),
        sa.Column("ended_by", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("pause_id", name=op.f("pk_pauses")),
        sqlite_strict=True,
    )


def _create_runs() -> None:
    op.create_table(
        "presentations",
        sa.Column("run_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("step", WHOLE, nullable=False, autoincrement=False),
        sa.Column("attempt", WHOLE, nullable=False, autoincrement=False),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("station", WORDS, nullable=False),
        sa.Column("device", WORDS, nullable=False),
        sa.Column("part_id", WORDS, nullable=False),
        sa.Column("failure_mode", WORDS, nullable=True),
        sa.Column("expected", WORDS, nullable=False),
        sa.Column("expected_code", WORDS, nullable=True),
        sa.Column("use_number", WHOLE, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("issued_by", WORDS, nullable=False),
        sa.Column("presented_at", INSTANT, nullable=True),
        sa.Column("presented_how", WORDS, nullable=True),
        sa.Column("verdict", WORDS, nullable=True),
        sa.Column("verdict_reason", WORDS, nullable=True),
        sa.Column("verdict_at", INSTANT, nullable=True),
        sa.Column("elapsed_s", REAL, nullable=True),
        sa.Column("observed_code", WORDS, nullable=True),
        sa.Column("measured", WORDS, nullable=True),
        sa.Column("counter", WHOLE, nullable=True),
        sa.Column("evidence", WORDS, nullable=True),
        sa.Column("given_back_at", INSTANT, nullable=True),
        sa.Column("given_back_by", WORDS, nullable=True),
        sa.Column("decides", TRUTH, nullable=False),
        sa.Column("entry", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step", "attempt", name=op.f("pk_presentations")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_presentations_device_presented_at"), "presentations", ["device", "presented_at"]
    )
    op.create_table(
        "runs",
        sa.Column("run_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("occurrence_id", WHOLE, nullable=True),
        sa.Column("check_id", WORDS, nullable=False),
        sa.Column("purpose", WORDS, nullable=False),
        sa.Column("containment_id", WHOLE, nullable=True),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("station", WORDS, nullable=False),
        sa.Column("device", WORDS, nullable=False),
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("configuration", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("outcome", WORDS, nullable=True),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("step", WHOLE, nullable=False),
        sa.Column("parts", WORDS, nullable=False),
        sa.Column("operator", WORDS, nullable=False),
        sa.Column("identified", WORDS, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("late_s", REAL, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("confirmed_by", WORDS, nullable=True),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("entry", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_runs_check_id_outcome_started_at"),
        "runs",
        ["check_id", "outcome", "started_at"],
    )
    op.create_index(op.f("ix_runs_occurrence_id"), "runs", ["occurrence_id"])
    op.create_index(op.f("ix_runs_started_at"), "runs", ["started_at"])
    op.create_index(op.f("ix_runs_station_state"), "runs", ["station", "state"])


def _create_cases() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("line", WORDS, nullable=True),
        sa.Column("station", WORDS, nullable=True),
        sa.Column("device", WORDS, nullable=True),
        sa.Column("part_id", WORDS, nullable=True),
        sa.Column("run_id", WHOLE, nullable=True),
        sa.Column("occurrence_id", WHOLE, nullable=True),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("acknowledged_by", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_alarms")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_alarms_acknowledged_at"), "alarms", ["acknowledged_at"])
    op.create_table(
        "containments",
        sa.Column("containment_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("line", WORDS, nullable=False),
        sa.Column("station", WORDS, nullable=False),
        sa.Column("device", WORDS, nullable=False),
        sa.Column("failure_mode", WORDS, nullable=False),
        sa.Column("check_id", WORDS, nullable=False),
        sa.Column("run_id", WHOLE, nullable=False),
        sa.Column("step", WHOLE, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("window_from", INSTANT, nullable=True),
        sa.Column("window_from_run", WHOLE, nullable=True),
        sa.Column("counter_from", WHOLE, nullable=True),
        sa.Column("stopped_at", INSTANT, nullable=True),
        sa.Column("stopped_by", WORDS, nullable=True),
        sa.Column("counter_to", WHOLE, nullable=True),
        sa.Column("quantity", WHOLE, nullable=True),
        sa.Column("quantity_is_lower_bound", TRUTH, nullable=False),
        sa.Column("reaction", WORDS, nullable=False),
        sa.Column("reverified_by_run", WHOLE, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("containment_id", name=op.f("pk_containments")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_containments_device_failure_mode"), "containments", ["device", "failure_mode"]
    )
    op.create_index(op.f("ix_containments_state"), "containments", ["state"])


def _create_asides() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", WHOLE, nullable=False, autoincrement=True, primary_key=True),
        sa.Column("event", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("payload", WORDS, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("outbox_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("target", WORDS, nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("last_error", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", "target", name=op.f("pk_deliveries")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_deliveries_outbox_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_deliveries_next_try_at"), "deliveries", ["next_try_at"])
    op.create_table(
        "heartbeats",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("beat_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
        sqlite_strict=True,
    )
