"""Short ways to do what many tests of ceremonies need done first."""

from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.reference import reference_of
from idverify.registry.claims import Claims
from idverify.store import audit

CLAIMS = Claims(name="Zoë Ünïcode 王", document_type="passport", document_number="X1", date_of_birth="1990-02-28")
PORTRAIT = b"portrait of a person"


def enrolled(parts, identifier="A-17", *, claims=CLAIMS, legal_basis="public_task: Act 7", portrait=PORTRAIT):
    """Enrol with defaults."""
    return enrol(parts, identifier=identifier, claims=claims, legal_basis=legal_basis, portrait=portrait, actor="tester")


def open_reference(parts, subject_id):
    """The reference, in a view of its own."""
    with parts.store.reading() as tx:
        return reference_of(parts, tx, subject_id)


def events(parts):
    """Names of all audit events, in order."""
    with parts.store.reading() as tx:
        return [entry.event for entry in audit.events(tx)]
