"""Alembic's entry: runs the migrations on the connection that `redrabbit.store.migrating` hands in.

There is no alembic.ini and no URL here; a new revision is written with
`alembic.command.revision(migrating.alembic_config(connection), message=…, autogenerate=True)`.
"""

from alembic import context

from redrabbit.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can't alter a column: the table is copied
)
with context.begin_transaction():
    context.run_migrations()
