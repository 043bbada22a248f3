"""An installation with real models and a phone before it, in virtual time."""

import random
from dataclasses import replace

from phone import CODE_CHALLENGE, SAMPLES, Phone

from idverify.ceremonies import Limits, live, person, sessions
from idverify.ceremonies.clients import add_client
from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.person import Bearer
from idverify.decision.policy import policies_from
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.registry.claims import Claims

AUDIENCE, PURPOSE = "https://hotel.example", "hotel check-in"
PERIOD = 0.1


def with_models(parts, acquirer):
    """The installation with the real acquirer and its policies; four attempts at live sessions a day."""
    policies = policies_from(load_pack(default_models_folder(), "default").policies, acquirer.embedding_digest)
    return replace(
        parts,
        acquirer=acquirer,
        policies=policies,
        limits=Limits(live_subject=4),
    )


class Capture:
    """One session of one client, from asking to the outcome."""

    def __init__(
        self,
        parts,
        *,
        profile="passive",
        photo="obama2.jpg",
        client=None,
        subject_id=None,
        by_reference=False,
        returning=(None, None),
    ):
        self.parts = parts
        self.client = client or client_of(parts)
        portrait = (SAMPLES / photo).read_bytes()
        if subject_id is None and not by_reference:
            subject_id = enrolled(parts, portrait)
        self.subject_id = subject_id
        self.created = sessions.create(
            parts,
            self.client,
            sessions.Asked(
                audience=AUDIENCE,
                purpose=PURPOSE,
                profile=profile,
                consent_version="1",
                consent_at=parts.now(),
                code_challenge=CODE_CHALLENGE,
                subject_id=subject_id,
                reference=portrait if by_reference else None,
                nonce="n" * 16,
                return_url=returning[0],
                state=returning[1],
            ),
        )
        self.session_id = self.created.session_id
        self.bearer = Bearer(self.created.client_token)
        self.at = 0.0

    def begin(self, **options):
        """The person begins."""
        begun = person.begin(self.parts, self.session_id, self.bearer, **options)
        self.bearer = Bearer(self.bearer.token, begun.agent or self.bearer.agent)
        return begun

    def connect(self, scene="obama.jpg", sign=None):
        """A connection and its phone."""
        self.live, (hello,) = live.connect(self.parts, self.session_id, self.bearer, at=self.at)
        self.phone = Phone(self.session_id, self.created.nonce, hello, scene, sign)
        return self

    def send(self, message=None):
        """One frame, about a tenth of a second later."""
        waited = PERIOD + random.gauss(0, 0.006)
        self.at += waited
        if hasattr(self.parts.now, "now"):  # a clock of the test's, not the system's
            self.parts.now.now += waited
        self.live, said = live.receive(self.parts, self.live, self.phone.message() if message is None else message, at=self.at)
        for one in said:
            self.phone.hear(one)

    def until(self, kind, limit=120):
        """Frames until the service says something of that kind."""
        for _ in range(limit):
            if any(said["type"] == kind for said in self.phone.heard):
                return self
            self.send()
        raise AssertionError(f"{kind} was never said: {self.phone.heard[-3:]}")

    def look(self):
        """What the backend sees."""
        return sessions.look(self.parts, self.client, self.session_id)


def client_of(parts, *scopes):
    """A relying party."""
    return add_client(
        parts,
        actor="tester",
        name="Hotel Specimen",
        scopes=scopes or ("sessions:create",),
        audiences=(AUDIENCE,),
        purposes=(PURPOSE,),
    )[0]


def enrolled(parts, portrait, identifier="A-17"):
    """A subject."""
    return enrol(
        parts,
        identifier=identifier,
        claims=Claims(name="Jane Specimen"),
        legal_basis="consent",
        portrait=portrait,
        actor="tester",
    ).subject_id
