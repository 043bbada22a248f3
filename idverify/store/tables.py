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
    Column("return_urls", Text, nullable=False, server_default="[]"),  # JSON list of strings
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

status_lists = Table(
    "status_lists",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # random, in the list's address
    Column("bits", Integer, nullable=False),  # of one status: 1 or 2
    Column("taken", Integer, nullable=False),  # indexes handed out so far; they are never handed out again
    Column("version", Integer, nullable=False),  # 1, then one more with each change of a status
    Column("open", Boolean, nullable=False),  # whether indexes are still handed out
    Column("base", LargeBinary),  # statuses of indexes without a row; absent: all valid
    Column("created_at", Double, nullable=False),
)

status_entries = Table(
    "status_entries",
    metadata,
    Column("number", Integer, ForeignKey("status_lists.number"), primary_key=True),
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("status", Integer, nullable=False),  # 0 valid, 1 revoked, 2 suspended
    Column("credential_id", Text),  # of a living credential; these three are absent once it expired
    Column("subject_id", Text),
    Column("type_name", Text),
    Column("issued_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index(None, "number", "status"),
    Index(None, "credential_id"),
    Index(None, "subject_id"),
    Index(None, "expires_at"),
)

offers = Table(
    "offers",
    metadata,
    Column("offer_hash", Text, primary_key=True),  # SHA-256 of the id in the offer's address
    Column("code_hash", Text, unique=True, nullable=False),  # SHA-256 of the pre-authorised code
    Column("subject_id", Text, nullable=False),
    Column("session_id", Text),  # absent where a registrar vouched
    Column("expires_at", Double, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "subject_id"),
    Index(None, "session_id"),
    Index(None, "expires_at"),
)

grants = Table(
    "grants",
    metadata,
    Column("grant_id", Text, primary_key=True),
    Column("access_hash", Text, unique=True, nullable=False),  # SHA-256 of the newest access token
    Column("refresh_hash", Text, unique=True),  # absent where nothing may be issued silently
    Column("subject_id", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "subject_id"),
    Index(None, "expires_at"),
)

spent = Table(
    "spent",
    metadata,
    Column("digest", Text, primary_key=True),  # of what may be used once
    Column("expires_at", Double, nullable=False),  # from when on it would be refused anyway
    Index(None, "expires_at"),
)

standings = Table(
    "standings",
    metadata,
    Column("about", Text, primary_key=True),  # a credential's id, or subject and type
    Column("subject_id", Text, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("revoked_at", Double),  # the last time
    Index(None, "subject_id"),
)

presentation_requests = Table(
    "presentation_requests",
    metadata,
    Column("request_hash", Text, primary_key=True),  # SHA-256 of the id in the request's address
    Column("client_id", Text, nullable=False),  # who asked
    Column("expires_at", Double, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "expires_at"),
)

FLEETING = frozenset({"sessions", "kept_frames", "offers", "spent", "presentation_requests"})
"""Tables that no backup holds: what they keep must be gone when it says it is."""
