"""What Alembic runs: the steps, on the connection and in the transaction that idverify.store.schema hands over."""

from alembic import context

from idverify.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
