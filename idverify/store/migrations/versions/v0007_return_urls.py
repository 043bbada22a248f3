"""Where a client's people may be sent at the end of a session: nowhere, of clients that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("clients", sa.Column("return_urls", sa.Text(), nullable=False, server_default="[]"))
