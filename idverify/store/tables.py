"""The tables. Migrations make them; a test holds that both agree.

Times are seconds since the epoch. Whatever could name a person is sealed (records, idempotent responses) or an HMAC (lookup).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("deployment", Text, nullable=False),  # random; part of every seal
)

subjects = Table(
    "subjects",
    metadata,
    Column("subject_id", Text, primary_key=True),
    Column("lookup", Text, unique=True),  # HMAC of the caller's identifier; absent once erased
    Column("created_at", Double, nullable=False),
    Column("erased_at", Double),
)

records = Table(
    "records",
    metadata,
    Column("subject_id", Text, ForeignKey("subjects.subject_id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # identifier, claims, portrait, template
    Column("model_digest", Text, nullable=False),  # of a template; empty otherwise
    Column("row_version", Integer, nullable=False),
    Column("key_version", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Index(None, "key_version"),
    Index(None, "kind", "model_digest"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("subject_id", Text),  # absent where the caller sent the reference
    Column("at", Double, nullable=False),
    Column("session_id", Text),  # of an attempt at a live session
    Index(None, "subject_id", "at"),
    Index(None, "at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("subject_id", Text),  # absent where the caller sent the reference
    Column("state", Text, nullable=False),
    Column("due_at", Double),  # when the clock alone ends this state; absent in a final one
    Column("ended_at", Double),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "subject_id"),
    Index(None, "due_at"),
    Index(None, "ended_at"),
    Index(None, "state"),
)

kept_frames = Table(
    "kept_frames",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.session_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_hash", LargeBinary, unique=True, nullable=False),
    Column("scopes", Text, nullable=False),  # these three: JSON lists of strings
    Column("audiences", Text, nullable=False),
    Column("purposes", Text, nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_digest", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("status", Integer),  # absent while the request runs
    Column("body", LargeBinary),  # sealed
    Index(None, "created_at"),
)

audit_events = Table(
    "audit_events",
    metadata,
    # 1, 2, 3, ... without a gap. SQLite's INTEGER has 64 bits, and as a primary key takes nothing but whole numbers.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("subject_id", Text),
    Column("details", Text, nullable=False),  # JSON
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "subject_id", "event", "seq"),
    Index(None, "event", "seq"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("created_at", Double, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("delivered_at", Double),
    Column("failed_at", Double),
    Column("created_at", Double, nullable=False),
    Index(None, "next_at"),
)

FLEETING = frozenset({"sessions", "kept_frames"})
"""Tables that no backup holds: what they keep must be gone when it says it is."""
