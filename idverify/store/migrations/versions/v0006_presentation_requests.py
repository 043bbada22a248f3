"""Requests for presentations that a wallet answers online."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "presentation_requests",
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request_hash", name=op.f("pk_presentation_requests")),
    )
    name = op.f("ix_presentation_requests_expires_at")
    op.create_index(name, "presentation_requests", ["expires_at"], unique=False)
