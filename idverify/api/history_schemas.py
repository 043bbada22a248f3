"""Shapes of a person's own history."""

from typing import Literal

from pydantic import BaseModel, Field

from idverify.ceremonies.history import DAYS, KINDS

Path = list[str]


class SaidOut(BaseModel):
    """An entry as sentences for the person."""

    en: str
    zh_cn: str = Field(alias="zh-CN")


class HappenedOut(BaseModel):
    """One thing that happened. What does not apply, or is not known, is null."""

    number: int = Field(description="1, 2, 3, ... of this person; it stays what it is while new things happen")
    at: str = Field(examples=["2026-11-21T09:30:00Z"])
    kind: str = Field(json_schema_extra={"enum": [*sorted({*KINDS.values()})]})
    requester: str | None = Field(description="the name that the client is registered by; null: the operator, or the person")
    purpose: str | None
    outcome: (
        Literal[
            "accepted",
            "refused",
            "unclear",
            "not_as_asked",
            "rejected",
            "inconclusive",
            "failed",
            "approved",
            "declined",
            "expired",
            "abandoned",
            "cancelled",
        ]
        | None
    )
    types: list[str] = Field(description="credential types that it was about", examples=[["identity_card"]])
    asked: list[Path] | None = Field(description="paths of the claims that were asked for; never values")
    disclosed: list[Path] | None = Field(description="paths of the claims that were given; never values")
    reference: str | None = Field(
        description="what the requester knows it by: a transaction, a session, or the `jti` of a presentation's evidence"
    )
    device: str | None = Field(description="thumbprint (RFC 7638) of the key of a device of the person's")
    this_device: bool
    said: SaidOut


class HistoryOut(BaseModel):
    """A page of a person's history, newest first."""

    entries: list[HappenedOut]
    older: int | None = Field(description="pass as `before` for the next page; null: this was the last")
    days: int = Field(description="how far back it goes", examples=[DAYS])
