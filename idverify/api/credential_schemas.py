"""Shapes of requests and answers about documents and credentials. Strict, as all of them (schemas.py)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from idverify.api.schemas import StrictRequest, one_of


class DocumentIn(StrictRequest):
    """What a document says, by the names of its credential type's claims."""

    claims: Annotated[dict[str, Any], Field(min_length=1, max_length=64)]


class DocumentOut(BaseModel):
    """A document on file."""

    type: str
    claims: dict[str, Any]


class SupervisedIn(StrictRequest):
    """A registrar's check of the person, in person. Both words are audited: a staff number, not a name."""

    registrar: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples=["desk-4.r17"])]
    method: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$", examples=["document_inspected"])]


class OfferIn(StrictRequest):
    """An offer of credentials, on a live session of this client's or on a registrar's word."""

    model_config = ConfigDict(json_schema_extra=one_of("session_id", "subject_id"))

    types: Annotated[list[str], Field(min_length=1, max_length=16, examples=[["identity_card"]])]
    session_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    subject_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    supervised: SupervisedIn | None = Field(None, description="with subject_id, and only with it")
    audience: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="with subject_id: whom `sub` is for; may be left out by a client that is registered for one audience"
    )
    tx_code: bool = Field(True, description="whether the wallet must ask the person for a number; leave it on")
    same_device: bool | None = Field(
        None,
        description="with session_id: whether only the device whose app signed the session may take it, with that same key; "
        "left out: where an app did. false: the wallet is another app",
    )

    @model_validator(mode="after")
    def _one_foundation(self) -> "OfferIn":
        given = self.model_fields_set & {"session_id", "subject_id"}
        if len(given) != 1 or (self.session_id is None and self.subject_id is None):
            raise ValueError("send exactly one of session_id and subject_id")
        if (self.subject_id is None) != (self.supervised is None):
            raise ValueError("supervised goes with subject_id, and subject_id needs it")
        if self.audience is not None and self.subject_id is None:
            raise ValueError("audience goes with subject_id: a session has its own")
        if self.same_device is not None and self.session_id is None:
            raise ValueError("same_device goes with session_id")
        return self


class OfferOut(BaseModel):
    """A new offer. It is shown now or never."""

    offer: str = Field(
        description="for the wallet, as a link or a QR code: openid-credential-offer://?credential_offer_uri=..."
    )
    offer_uri: str = Field(description="the address in it, from which a wallet fetches the offer as often as it likes")
    tx_code: str | None = Field(description="six digits, for the person by another way than the offer; null: not asked for")
    expires_at: str


Proof = Annotated[str, Field(min_length=1, max_length=20_480)]


class ProofsIn(StrictRequest):
    """Of one type: proofs of possession, one a copy, or one that brings an attestation of all keys; or that alone."""

    jwt: Annotated[list[Proof], Field(min_length=1, max_length=64)] | None = None
    attestation: Annotated[list[Proof], Field(min_length=1, max_length=1)] | None = None

    @model_validator(mode="after")
    def _one_type(self) -> "ProofsIn":
        if (self.jwt is None) == (self.attestation is None):
            raise ValueError("send exactly one of jwt and attestation")
        return self


class WalletRequest(StrictRequest):
    """A wallet's request: what other profiles add to it is passed over (OpenID4VCI 1.0 sections 8.2 and 11.1)."""

    model_config = ConfigDict(extra="ignore")


class CredentialIn(WalletRequest):
    """A wallet's request (OpenID4VCI 1.0 section 8.2)."""

    credential_configuration_id: Annotated[str, Field(min_length=1, max_length=128)]
    proofs: ProofsIn
    credential_response_encryption: dict[str, Any] | None = Field(
        None, description="refused: answers are not encrypted, and who asks for that must not get one in the clear"
    )


class NotificationIn(WalletRequest):
    """What a wallet did with credentials (OpenID4VCI 1.0 section 11.1). Its own words are read and not kept."""

    notification_id: Annotated[str, Field(min_length=1, max_length=128)]
    event: Literal["credential_accepted", "credential_failure", "credential_deleted"]
    event_description: Annotated[str, Field(max_length=1024, pattern=r"^[\x20-\x21\x23-\x5B\x5D-\x7E]*$")] | None = None


class CredentialAskedIn(StrictRequest):
    """A credential that a wallet is asked for."""

    type: Annotated[str, Field(min_length=1, max_length=64, examples=["identity_card", "identity_card.mdoc"])]
    claims: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=64)] = Field(
        [], description="beside those that every reader sees"
    )


class PresentationRequestIn(StrictRequest):
    """A nonce for one presentation; with `credentials`, a request that the person's wallet answers over the network."""

    audience: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="who will be shown the credential; may be left out by a client that is registered for one audience"
    )
    purpose: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None,
        description="what for, as the person is told; may be left out by a client that is registered for one purpose; "
        "with `credentials` only",
    )
    credentials: Annotated[list[CredentialAskedIn], Field(min_length=1, max_length=4)] | None = Field(
        None, description="each type once; the wallet must show all of them"
    )

    @model_validator(mode="after")
    def _each_once(self) -> "PresentationRequestIn":
        names = [one.type for one in self.credentials or ()]
        if len(set(names)) != len(names):
            raise ValueError("credentials: name each type once")
        if self.purpose is not None and self.credentials is None:
            raise ValueError("purpose goes with credentials: of a nonce alone, it is named when the presentation is validated")
        return self


class PresentationRequestOut(BaseModel):
    """What the wallet is asked for: a presentation to this audience that answers this nonce. The rest is for `credentials`."""

    audience: str
    nonce: str
    expires_at: str
    request_id: str | None = Field(None, description="where the outcome is asked for")
    wallet_link: str | None = Field(
        None, description="for the wallet, as a link or a QR code: openid4vp://?client_id=...&request_uri=..."
    )
    request_uri: str | None = Field(None, description="the address in it, where the wallet fetches the signed request")


class PresentationIn(StrictRequest):
    """A presentation to have validated."""

    model_config = ConfigDict(json_schema_extra=one_of("nonce", "request_nonce"))

    presentation: Annotated[
        str, Field(min_length=1, max_length=60_000, description="`JWT~disclosure~...~KB-JWT`, or base64url of a DeviceResponse")
    ]
    audience: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="whom it was made for; may be left out by a client that is registered for one audience"
    )
    purpose: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="what for, as the person is told; may be left out by a client that is registered for one purpose"
    )
    nonce: (
        Annotated[str, Field(min_length=8, max_length=256, description="your own; see to it that it is used once")] | None
    ) = None
    request_nonce: (
        Annotated[str, Field(min_length=8, max_length=256, description="from `/v1/presentations/requests`; used up here")]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_nonce(self) -> "PresentationIn":
        given = self.model_fields_set & {"nonce", "request_nonce"}
        if len(given) != 1 or (self.nonce is None and self.request_nonce is None):
            raise ValueError("send exactly one of nonce and request_nonce")
        return self


class PresentationOut(BaseModel):
    """What the presentation is worth: always all of it. `accepted` is whether everything holds and the status is VALID."""

    accepted: bool
    code: str = Field(examples=["accepted", "credential_revoked", "status_unknown"])
    authentic: bool = Field(description="a trusted root vouches for it, it is whole and within its time")
    holder_bound: bool = Field(description="who presents it holds its key, and made this presentation for you, now")
    status: Literal["VALID", "REVOKED", "SUSPENDED", "UNKNOWN"]
    status_age: float | None = Field(description="seconds since the status list was signed; null without one")
    trust_anchor: str | None = Field(description="SHA-256 of the root's certificate, hex")
    type: str | None = Field(description="the credential's vct")
    subject: str | None = Field(description="pairwise name of the person for your audience, of credentials issued here")
    claims: dict[str, Any] = Field(description="what was disclosed; empty unless authentic and holder-bound")
    evidence: str = Field(description="all of this signed with the verdict key, typ presentation-result+jwt")


class ShownOut(PresentationOut):
    """What a wallet's presentation is worth. Also `presentation_not_as_asked`: another type, or a claim is missing."""

    asked: str = Field(description="the credential type, or `TYPE.mdoc`, that this answers", examples=["identity_card"])


class PresentationResultOut(BaseModel):
    """What came of a request. `pending`: the wallet has not answered."""

    state: Literal["pending", "answered"]
    expires_at: str = Field(description="until when this can be asked for")
    presentations: list[ShownOut] = Field(description="one for each credential asked for; empty while pending")
