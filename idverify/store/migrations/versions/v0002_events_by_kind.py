"""Events of one kind in order, without the others between them: what changed in the registry since, what awaits a review."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Index the audit's events by kind."""
    op.create_index(op.f("ix_audit_events_event_seq"), "audit_events", ["event", "seq"], unique=False)
