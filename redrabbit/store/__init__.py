"""Ledger, records and outbox in one transaction, over memory, SQLite and PostgreSQL."""
