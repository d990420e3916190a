"""The schema's history, run by Alembic from code (`redrabbit.store.schema`)."""
