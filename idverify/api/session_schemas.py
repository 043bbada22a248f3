"""Shapes of requests and answers of live sessions. Strict, as all of them (schemas.py)."""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from idverify.api.schemas import Photo, StrictRequest, one_of
from idverify.attestation import LARGEST
from idverify.ceremonies.return_url import LONGEST_STATE, LONGEST_URL

Secret = Annotated[str, Field(min_length=16, max_length=128, pattern="^[A-Za-z0-9_-]+$")]


class ConsentIn(StrictRequest):
    """Which notice the person agreed to, and when: within the last day."""

    version: Annotated[str, Field(min_length=1, max_length=100, examples=["2026-11"])]
    accepted_at: Annotated[AwareDatetime, Field(strict=False, examples=["2026-11-24T09:30:00Z"])]


class SessionIn(StrictRequest):
    """A live session: a person before a camera against a subject, or against a reference photograph sent along."""

    model_config = ConfigDict(json_schema_extra=one_of("subject_id", "reference"))

    audience: Annotated[str, Field(min_length=1, max_length=256, description="who the verdict is for")]
    purpose: Annotated[str, Field(min_length=1, max_length=200, description="what for; the person is shown it")]
    profile: Annotated[
        Literal["passive", "active", "active-high"], Field(description="how much is asked of the person, and what it is worth")
    ]
    consent: ConsentIn
    code_challenge: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9_-]{43}$",
            description="BASE64URL(SHA-256(verifier)) (RFC 7636, S256) of a verifier kept by the user agent that begins",
            examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        ),
    ]
    subject_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    reference: Photo | None = None
    nonce: Annotated[str, Field(min_length=8, max_length=256)] | None = Field(
        None, description="a fresh value of the audience's, copied into the verdict"
    )
    return_url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)] | None = Field(
        None,
        description="where the capture page sends the person at the end: a URL registered for the client, letter by letter",
        examples=["https://hotel.example/checked"],
    )
    state: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=LONGEST_STATE)] | None = Field(
        None, description="beside return_url: comes back in its query as it is", examples=["9f2c6e0b"]
    )

    @model_validator(mode="after")
    def _one_reference(self) -> "SessionIn":
        given = self.model_fields_set & {"subject_id", "reference"}
        if len(given) != 1 or (self.subject_id is None and self.reference is None):
            raise ValueError("send exactly one of subject_id and reference")
        return self


class SessionOut(BaseModel):
    """A new session. client_token and capture_url are shown now or never."""

    session_id: str
    client_token: str = Field(description="opens this session alone")
    nonce: str
    expires_at: str
    capture_url: str = Field(
        description="the link to open on the person's device: the capture page. The token travels behind the #"
    )


class StatusOut(BaseModel):
    """What a backend may know: no score, and of an approved session no decision before it was redeemed."""

    session_id: str
    status: str
    profile: str
    attempts: int
    created_at: str
    expires_at: str
    redeemed: bool
    decision: Literal["accepted", "rejected", "inconclusive"] | None
    reasons: list[str]
    checks: list[str]


class RedemptionIn(StrictRequest):
    """Both halves of an approved session."""

    code: Secret
    verifier: Annotated[str, Field(min_length=43, max_length=128, pattern="^[A-Za-z0-9._~-]+$")]


class RedemptionOut(BaseModel):
    """The verdict token."""

    token: str


class BeginIn(StrictRequest):
    """What may be asked of the person; left out: as before, and at first everything."""

    movement: bool | None = Field(None, description="of the head")
    flashing: bool | None = Field(None, description="of the screen")


def _in_base64(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a string in base64")  # noqa: TRY004 -- pydantic reports ValueError
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64 with padding") from None


class AttestationIn(StrictRequest):
    """An attestation over the session's nonce. docs/reference/attestation.md has the kinds."""

    kind: Annotated[str, Field(min_length=1, max_length=32)]
    data: Annotated[bytes, BeforeValidator(_in_base64), Field(max_length=LARGEST)]


class CodeIn(StrictRequest):
    """The code that the other device shows."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$")]


class CasesOut(BaseModel):
    """Sessions that wait for a reviewer."""

    sessions: list[str]


class CaseOut(BaseModel):
    """One case. portrait, frames: image files in base64; no portrait where the relying party sent the reference."""

    session_id: str
    purpose: str
    profile: str
    portrait: str | None
    frames: list[str]


class AnswerIn(StrictRequest):
    """The blind answer."""

    same_person: bool


class AnswerOut(BaseModel):
    """What made the case borderline, as stable codes."""

    reasons: list[str]


class ReviewIn(StrictRequest):
    """A reviewer's decision."""

    decision: Literal["approve", "reject", "ask_again"]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class ReviewOut(BaseModel):
    """What became of the session."""

    outcome: Literal["approved", "declined", "retake"]
