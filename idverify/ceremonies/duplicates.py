"""Is this face enrolled already, under another identifier? Asked at enrolment, answered to an operator."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault
from idverify.ceremonies.duplicate_index import DuplicateIndex
from idverify.decision.identification import TARGET_FPIR, Identification, identification, largest_gallery, people_needed
from idverify.errors import ConfigurationInvalid, GalleryTooLarge, TemplateOutdated
from idverify.store import Connection, audit, subjects
from idverify.values import Template

MOST: Final = 10
"""Subjects that one enrolment reports, best first. More than a person wants to look at means the threshold is too low."""

Check = Literal["off", "clear", "review", "incomplete"]
"""Of an enrolment. `incomplete`: nothing was found, but some templates could not be searched."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. others: subject ids, most alike first. policy: whose threshold it used. refuse: make no subject."""

    others: tuple[str, ...]
    check: Check
    policy: str
    refuse: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One enrolment for review. refused: it made no subject. open: the two are both still enrolled, so somebody must look."""

    at: float
    actor: str
    subject_id: str | None
    others: tuple[str, ...]
    refused: bool
    open: bool


def require_supported(parts: Parts) -> None:
    """Return when enrolment may do what IDVERIFY_DUPLICATES asks. Raises ConfigurationInvalid, StoreUnavailable.

    `warn` needs a policy to take a threshold from. `block` needs one whose calibration holds the target FPIR among all who are
    enrolled; enrolment stops before that ends.
    """
    if parts.duplicates is None:
        return
    if not parts.policies:
        raise ConfigurationInvalid("IDVERIFY_DUPLICATES needs an operating point: run `idverify calibrate`")
    with parts.store.reading() as tx:
        enrolled = subjects.count(tx)
    point = identification(parts.policies.values(), enrolled)
    if parts.duplicates.mode == "block" and not point.supported:
        raise ConfigurationInvalid(_too_large(point, enrolled) + ", or set IDVERIFY_DUPLICATES=warn")


def find_duplicates(parts: Parts, tx: Connection, template: Template, *, of: str | None = None) -> Found | None:
    """Whom the template's face resembles enough to be reviewed; None when duplicates are not searched.

    tx: the write transaction of the enrolment. of: the subject to whom the template is to be added, who is no duplicate of its
    own; None: it makes a new one. In `block`, raises GalleryTooLarge when one more person is more than the
    calibration carries, and TemplateOutdated when some of them cannot be searched: refusing to enrol is the safe side of both.
    Raises KeyUnavailable, StoreUnavailable, RecordTampered.
    """
    index = parts.duplicates
    if index is None:
        return None
    index.apply(parts, tx)
    point = identification(parts.policies.values(), index.references + (of is None))  # with who is about to be enrolled
    if index.mode == "block":
        _require_all(index, point, index.references + (of is None))
    alike = index.search(parts, tx, template, point.policy.threshold, MOST + (of is not None))
    others = tuple(other for other in alike if other != of)
    missing: Check = "incomplete" if index.unsearchable else "clear"
    return Found(others, "review" if others else missing, point.policy.name, refuse=bool(others) and index.mode == "block")


def reported(vault: Vault) -> Iterator[Report]:
    """Every enrolment that was reported as a possible duplicate, oldest first. Raises StoreUnavailable."""
    with vault.store.reading() as tx:
        for entry in audit.of_kinds(tx, Event.POSSIBLE_DUPLICATE, Event.DUPLICATE_REFUSED):
            others = entry.details.get("others")
            named = tuple(other for other in others if isinstance(other, str)) if isinstance(others, list) else ()
            refused = entry.event == Event.DUPLICATE_REFUSED
            living = _enrolled(tx, entry.subject_id) and any(_enrolled(tx, other) for other in named)
            yield Report(entry.at, entry.actor, entry.subject_id, named, refused, open=living)


def _enrolled(tx: Connection, subject_id: str | None) -> bool:
    subject = None if subject_id is None else subjects.get(tx, subject_id)
    return subject is not None and subject.erased_at is None


def _require_all(index: DuplicateIndex, point: Identification, references: int) -> None:
    if not point.supported:
        raise GalleryTooLarge(_too_large(point, references))
    if index.unsearchable:
        raise TemplateOutdated(
            f"{index.unsearchable} references cannot be searched: run `idverify registry reembed`, and erase and enrol anew "
            "whom it refuses"
        )


def _too_large(point: Identification, references: int) -> str:
    return (
        f"IDVERIFY_DUPLICATES=block does not hold for {references} people: the calibration of policy {point.policy.name} keeps "
        f"the false positive identification rate at {TARGET_FPIR:g} among {largest_gallery(point.policy)} at most (here: up to "
        f"{point.fpir_high:.2g}). Run `idverify calibrate` with {people_needed(references):,} people or more"
    )
