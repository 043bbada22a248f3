"""Shapes of requests and answers. Requests are strict: an unknown field, a wrong type or a lax number is refused.

Of duplicate JSON names the last one counts, as in most parsers; the stored request digest covers the bytes as sent.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from idverify.errors import InvalidInput
from idverify.face.image import MAX_BYTES
from idverify.registry.claims import LEGAL_BASES
from idverify.registry.portraits import ENROLMENT, FIRST, SOURCES

M = TypeVar("M", bound=BaseModel)
MAX_ERRORS = 8

MAX_MARKS = 2000
"""Most quotes, commas, colons and brackets of a body. Ours have some sixty, and base64 has none of them. Without this bound
28 MiB of small members would cost the parser a minute and gigabytes."""


def _photo(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a string: the image file in base64")  # noqa: TRY004 -- pydantic reports ValueError
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64 with padding (RFC 4648 section 4), without line breaks or a data: prefix") from None


Photo = Annotated[
    bytes,
    BeforeValidator(_photo),
    WithJsonSchema(
        {
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^[A-Za-z0-9+/]*={0,2}$",
            "description": f"A JPEG, PNG or WebP file in base64, at most {MAX_BYTES // 2**20} MiB and 40 megapixels. "
            "The file itself: no URL, no path.",
        }
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["1961-08-04"])]


def one_of(*names: str) -> Callable[[dict[str, Any]], None]:
    """What a validator below demands, said in the schema: exactly one of these fields is sent, and not as null."""

    def extend(schema: dict[str, Any]) -> None:
        for name in names:
            (kept,) = (choice for choice in schema["properties"][name].pop("anyOf") if choice.get("type") != "null")
            schema["properties"][name].pop("default")
            schema["properties"][name].update(kept)
        schema["oneOf"] = [{"required": [name]} for name in names]

    return extend


class StrictRequest(BaseModel):
    """A request: unknown fields and lax types are refused, and no error quotes what was sent."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class ClaimsIn(StrictRequest):
    """What the registry says about the subject. Sealed at rest."""

    name: Text | None = None
    document_type: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$", examples=["passport"])] | None = None
    document_number: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    date_of_birth: Day | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None


class SubjectIn(StrictRequest):
    """An enrolment."""

    identifier: Annotated[str, Field(min_length=1, max_length=256, description="your own identifier of the person")]
    claims: ClaimsIn
    legal_basis: Annotated[
        str,
        Field(
            min_length=1,
            max_length=256,
            description=f"why this person's face may be kept: {', '.join(LEGAL_BASES)}; may go on with ': reference'",
            examples=["consent: form 12"],
        ),
    ]
    portrait: Photo


class PortraitIn(StrictRequest):
    """A further portrait of a subject."""

    portrait: Photo
    source: Annotated[str, Field(description="where it comes from", json_schema_extra={"enum": list(SOURCES)})]


class VerificationIn(StrictRequest):
    """A verification: one probe photograph against a subject, or against a reference photograph sent along."""

    model_config = ConfigDict(json_schema_extra=one_of("subject_id", "reference"))

    probe: Photo
    subject_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    reference: Photo | None = None
    audience: Annotated[
        str, Field(min_length=1, max_length=256, description="who the token is for; registered for your client")
    ]
    purpose: Annotated[str, Field(min_length=1, max_length=200, description="what for; registered for your client")]
    policy: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    nonce: Annotated[str, Field(min_length=8, max_length=256)] | None = Field(
        None, description="a fresh value of the audience's, copied into the token"
    )

    @model_validator(mode="after")
    def _one_reference(self) -> "VerificationIn":
        given = self.model_fields_set & {"subject_id", "reference"}
        if len(given) != 1 or (self.subject_id is None and self.reference is None):
            raise ValueError("send exactly one of subject_id and reference")
        return self


class IntrospectionIn(StrictRequest):
    """A verdict token to validate."""

    token: Annotated[str, Field(min_length=1, max_length=8192)]
    audience: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="whose token it should be; may be left out by a client that is registered for one audience"
    )
    nonce: Annotated[str, Field(min_length=8, max_length=256)] | None = Field(
        None, description="refuse the token unless it carries this nonce"
    )


class SubjectOut(BaseModel):
    """A new subject. The id is opaque and made here."""

    subject_id: str
    enrolled_at: str = Field(examples=["2026-11-21T09:30:00Z"])
    portrait_digest: str = Field(description="SHA-256 of the portrait's file, in hex")
    retake: list[str] = Field(description="what a better portrait would do, in words; empty when nothing")
    duplicate_check: Literal["off", "clear", "review", "incomplete"] | None = Field(
        description="null without the scope subjects:duplicates. `review`: the face may be enrolled already, and an "
        "operator will look; `incomplete`: nothing was found, but some references could not be searched"
    )


class PortraitOut(BaseModel):
    """A portrait, without the picture."""

    portrait_id: str = Field(description=f"`{FIRST}`: the one of enrolment")
    added_at: str = Field(examples=["2026-11-21T09:30:00Z"])
    source: str = Field(json_schema_extra={"enum": [ENROLMENT, *SOURCES]})


class PortraitAdded(PortraitOut):
    """A portrait that was added."""

    retake: list[str] = Field(description="what a better portrait would do, in words; empty when nothing")
    duplicate_check: Literal["off", "clear", "review", "incomplete"] | None = Field(description="as of an enrolment")


class PortraitsOut(BaseModel):
    """A subject's portraits, oldest first: one to five."""

    portraits: list[PortraitOut]


class ClaimsOut(BaseModel):
    """What the registry says about the subject; null: not known."""

    name: str | None
    document_type: str | None
    document_number: str | None
    date_of_birth: str | None
    valid_from: str | None
    valid_until: str | None


class LegalBasisOut(BaseModel):
    """Why this person's face may be kept."""

    kind: str
    reference: str


class SubjectDescription(BaseModel):
    """A subject, without template or portrait."""

    subject_id: str
    identifier: str
    claims: ClaimsOut
    valid: bool = Field(description="whether today lies within valid_from and valid_until")
    legal_basis: LegalBasisOut
    enrolled_at: str


class PolicyOut(BaseModel):
    """The operating point of the decision: what share of strangers it would let pass."""

    name: str
    target_fmr: float
    fmr_high: float = Field(description="upper 95 % confidence bound of the false match rate on the calibration set")
    calibrated_on: str


class VerificationOut(BaseModel):
    """The outcome. No score, margin or failed check is told. A token exists only with `accepted`."""

    transaction_id: str
    decision: Literal["accepted", "rejected", "inconclusive"]
    checks: list[str] = Field(description="the checks that ran, whatever they found")
    policy: PolicyOut
    token: str | None = Field(description="verdict token: a JWT, ten minutes, one audience")
    retake: list[str] = Field(description="with `inconclusive`: what the capture subject should change, in words")


class EvaluationOut(VerificationOut):
    """The outcome, as a client with the scope `evaluation` sees it."""

    comparison_score: float = Field(description="cosine of probe and reference, -1..1")
    pack: str = Field(description="the models that made it, as the token's model_pack", examples=["default@0123456789abcdef"])
    provider: str = Field(description="what ran them", examples=["openvino 2026.4.1 cpu f32, embedding bf16"])


class ActiveToken(BaseModel):
    """A token that is valid for that audience now."""

    active: Literal[True]
    claims: dict[str, Any]


class InactiveToken(BaseModel):
    """A token that was refused, and by which check."""

    active: Literal[False]
    code: str = Field(examples=["token_expired"])


class KeySet(BaseModel):
    """RFC 7517."""

    keys: list[dict[str, str]]


class CertifiedKey(BaseModel):
    """A P-256 key with its certificate."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ES256"]
    use: Literal["sig"]
    x5c: list[str] = Field(description="the certificate alone: DER in base64")


class CertifiedKeySet(BaseModel):
    """RFC 7517."""

    keys: list[CertifiedKey]


class IssuerKeys(BaseModel):
    """The keys of an issuer of credentials."""

    issuer: str
    jwks: CertifiedKeySet


class StatusListsOut(BaseModel):
    """draft-ietf-oauth-status-list, Status List Aggregation."""

    status_lists: list[str]


class HeadOut(BaseModel):
    """The newest signed head of the audit chain: keep it, and truncation or rewriting up to it will show."""

    head: str = Field(description="JWS of count, hash and time, typ=audit-head+jwt")
    count: int
    hash: str
    iat: int


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class Ready(BaseModel):
    """The service can do its work, and what really runs."""

    status: Literal["ready"]
    checks: dict[str, str]
    pack: str
    variant: str
    provider: str
    version: str


class ProblemOut(BaseModel):
    """RFC 9457 problem document. `code` is stable; `retake` and `checks` come with some codes."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    detail: str | None = None
    retake: list[str] | None = None
    checks: dict[str, str] | None = None


def parse(model: type[M], body: bytes) -> M:
    """The request in `body`. Raises InvalidInput naming the fields, and never quoting what was sent."""
    if sum(body.count(mark) for mark in (b'"', b",", b":", b"[", b"{")) > MAX_MARKS:
        raise InvalidInput("body: too many members to be a request")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(f"{_pointer(item['loc'])}: {item['msg'].removeprefix('Value error, ')}" for item in found[:MAX_ERRORS])
        raise InvalidInput(told) from None


def _pointer(location: tuple[int | str, ...]) -> str:
    """Where, as a short path. Names of unknown fields are the caller's own words: cut, so that no answer grows by them."""
    return "/".join(str(part)[:40] for part in location)[:120] or "body"
