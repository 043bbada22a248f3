"""The OpenAPI document: what FastAPI derives from the routes, the request bodies that the routes read themselves, and an
example for each call, which works when it is pasted with the key of a sandbox client.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from idverify.api.credential_schemas import DocumentIn, OfferIn, PresentationIn, PresentationRequestIn
from idverify.api.examples import OTHER_MAN, PORTRAIT, SAME_MAN, in_base64, small_photo
from idverify.api.schemas import IntrospectionIn, PortraitIn, ProblemOut, SubjectIn, VerificationIn
from idverify.api.session_schemas import AnswerIn, RedemptionIn, ReviewIn, SessionIn

DESCRIPTION = """\
Is the person on this photograph the person on that registry portrait? The answer is a decision under a named policy and, if
it is `accepted`, a signed token that its audience can validate offline.

**Keys.** `Authorization: Bearer idvk_...`, from `idverify clients add`. A client has scopes, and the audiences and purposes
it may name.

**Errors** are RFC 9457 problem documents. `code` is stable, `detail` is for a person, `X-Request-Id` joins an answer to our
log. 429 carries `Retry-After`: nothing is queued. A 503 may be tried again.

**Images** travel as base64 in JSON: JPEG, PNG or WebP, at most 10 MiB and 40 megapixels. There are no URL or path inputs.

**Idempotency.** POST with `Idempotency-Key` (8 to 255 visible ASCII characters): the same key and body within a day give
the first answer again, marked `Idempotency-Replayed: true`, and cost no second attempt. Another body, or a first request
that still runs, is `idempotency_conflict`. A request that failed is forgotten: send it again.

**Sandbox.** A client added with `--sandbox` works on a throw-away installation: its own database, emptied when the service
stops, tokens marked `env=sandbox`, ten attempts a minute. It enrols only the sample photographs. The subject `sandbox` is
always there. The chain is the real one; these are its outcomes:

| probe against subject `sandbox` | outcome |
|---|---|
| `obama2.jpg`, the same man three years before | 200 `accepted`, with a token |
| `biden.jpg`, another man | 200 `rejected`, no token |
| a picture without a face | 422 `no_face` |
| a text file | 422 `image_rejected` |
| any probe, an eleventh time within a minute | 429 `attempts_exhausted` |
| any probe against an unknown subject | 404 `subject_not_found` |
"""

BODIES: dict[str, type[BaseModel]] = {
    "enrol_subject": SubjectIn,
    "add_portrait": PortraitIn,
    "verify": VerificationIn,
    "introspect_token": IntrospectionIn,
    "create_session": SessionIn,
    "redeem_session": RedemptionIn,
    "answer_review": AnswerIn,
    "decide_review": ReviewIn,
    "put_document": DocumentIn,
    "offer_credentials": OfferIn,
    "request_presentation": PresentationRequestIn,
    "validate_presentation": PresentationIn,
}
AUDIENCE = "https://hotel.example"
PURPOSE = "hotel check-in"
IDEMPOTENT = ("enrol_subject", "add_portrait", "verify", "create_session")
_EXAMPLES = {"before": "100", "limit": "20", "number": "1093842715", "type_name": "driving_licence", "portrait_id": "first"}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "8 to 255 visible ASCII characters; see Idempotency above",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{8,255}$"},
}


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document. About 150 kB, most of it photographs."""
    built = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = built["components"]["schemas"]
    models: list[type[BaseModel]] = [*BODIES.values(), ProblemOut]
    _, made = models_json_schema([(model, "validation") for model in models], ref_template="#/components/schemas/{model}")
    components.update(made["$defs"])
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for path in built["paths"].values():
        for operation in path.values():
            _complete(operation)
    return built


def _complete(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    if "HTTPValidationError" in str(operation["responses"].get("422")):
        del operation["responses"]["422"]  # FastAPI assumes one wherever there is a parameter; ours are plain strings
    for parameter in operation.get("parameters", ()):
        parameter["example"] = _EXAMPLES.get(parameter["name"], "sandbox")
    if name in BODIES:
        content = {"schema": {"$ref": f"#/components/schemas/{BODIES[name].__name__}"}, "examples": examples()[name]}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if name in IDEMPOTENT:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Bodies that work, by operation and name. The photographs are the samples, downscaled."""
    portrait, probe, stranger = (in_base64(small_photo(name)) for name in (PORTRAIT, SAME_MAN, OTHER_MAN))
    asked = {"audience": AUDIENCE, "purpose": PURPOSE, "nonce": "n-3f8a51c07e"}
    claims = {
        "name": "Sandbox Subject",
        "document_type": "sample",
        "document_number": "S0000002",
        "date_of_birth": "1961-08-04",
        "valid_until": "2099-12-31",
    }
    session = {
        "audience": AUDIENCE,
        "purpose": PURPOSE,
        "profile": "active",
        "consent": {"version": "2026-11", "accepted_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "nonce": "n-3f8a51c07e",
    }
    subject = {"identifier": "A-0017", "claims": claims, "legal_basis": "consent: form 12", "portrait": portrait}
    return {
        "enrol_subject": {"enrol": {"summary": "201, once", "value": subject}},
        "add_portrait": {"card": {"summary": "201, once", "value": {"portrait": probe, "source": "identity_card"}}},
        "verify": {
            "same_man": {"summary": "200 accepted", "value": {**asked, "probe": probe, "subject_id": "sandbox"}},
            "other_man": {"summary": "200 rejected", "value": {**asked, "probe": stranger, "subject_id": "sandbox"}},
            "reference_sent_along": {
                "summary": "200 accepted; the token names no subject",
                "value": {**asked, "probe": probe, "reference": portrait},
            },
        },
        "create_session": {
            "of_a_subject": {"summary": "201, once", "value": {**session, "subject_id": "sandbox"}},
            "reference_sent_along": {
                "summary": "201; the verdict names no subject",
                "value": {**session, "reference": portrait},
            },
        },
        "redeem_session": {
            "refused": {
                "summary": "409 while the session is not approved; put your code and verifier in their place",
                "value": {"code": "Xk2c1l0Vx0m8Nn3a5pQd7w", "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
            }
        },
        "answer_review": {"same": {"summary": "200, once", "value": {"same_person": True}}},
        "decide_review": {
            "approve": {"summary": "200, once", "value": {"decision": "approve", "reason": "scar on the left brow"}}
        },
        "put_document": {
            "licence": {
                "summary": "204",
                "value": {
                    "claims": {
                        "licence_number": "440300000017",
                        "vehicle_classes": ["C1"],
                        "valid_until": "2099-12-31",
                        "issuing_authority": "Sandbox traffic office",
                    }
                },
            }
        },
        "offer_credentials": {
            "in_person": {
                "summary": "201: an offer on a registrar's word; on a live session send session_id instead",
                "value": {
                    "types": ["identity_card"],
                    "subject_id": "sandbox",
                    "supervised": {"registrar": "desk-4.r17", "method": "document_inspected"},
                    "audience": AUDIENCE,
                },
            }
        },
        "request_presentation": {
            "asked": {"summary": "201: a nonce", "value": {"audience": AUDIENCE}},
            "online": {
                "summary": "201: a link for the person's wallet",
                "value": {"audience": AUDIENCE, "credentials": [{"type": "identity_card", "claims": ["name"]}]},
            },
        },
        "validate_presentation": {
            "refused": {
                "summary": "200 accepted=false, presentation_malformed; put a wallet's presentation in its place",
                "value": {"presentation": "not-a-presentation", "audience": AUDIENCE, "nonce": "n-3f8a51c07e"},
            }
        },
        "introspect_token": {
            "refused": {
                "summary": "200 active=false, token_malformed; put a token of yours in its place",
                "value": {"token": "not-a-token", "audience": AUDIENCE},
            }
        },
    }
