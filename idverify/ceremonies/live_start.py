"""What a connection of a live session begins with: whether its steps may still be asked for, and the reference to match."""

from base64 import b64decode

import numpy as np

from idverify.ceremonies import Parts
from idverify.ceremonies.reference import reference_of
from idverify.ceremonies.session_record import Held
from idverify.errors import TemplateOutdated
from idverify.liveness.challenge import NODS, TURNS, Kind
from idverify.store import Connection
from idverify.values import Reference, Template


def no_longer_allowed(held: Held) -> bool:
    """Whether the attempt under way has a kind of step that its person has declined since."""
    kinds = set(held.kinds or ())
    return bool((not held.flashing and kinds & {Kind.COLOURS}) or (not held.movement and kinds & {*TURNS, *NODS}))


def reference_for(parts: Parts, tx: Connection, held: Held) -> Reference:
    """What the person is matched with. Raises SubjectNotFound, NoReference, TemplateOutdated, and any other Fault."""
    order = held.order
    if order.subject_id is not None:
        return reference_of(parts, tx, order.subject_id)
    assert order.reference is not None
    if order.reference_model != parts.acquirer.embedding_digest:
        raise TemplateOutdated("the session's reference belongs to another model: ask for a new session")
    vector = np.frombuffer(b64decode(order.reference), np.float32)
    return Reference(Template(vector, order.reference_model), "caller", order.reference_digest)
