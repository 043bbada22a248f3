"""What the page says: every code that the service can send has words in every language, and they can be read."""

import ast
import inspect
import itertools
import json
import re
from pathlib import Path

import pytest

import idverify
from idverify import errors
from idverify.api.capture_page import LANGUAGES
from idverify.api.problems import BodyTimeout, InsecureTransport, UnsupportedMediaType, status_of
from idverify.ceremonies import attempts, handover, live, live_decision, person, reference, review_decision
from idverify.ceremonies.session_record import load, require_open
from idverify.face.words import RETAKE
from idverify.liveness import conductor, guidance, steps
from idverify.liveness.challenge import Kind
from idverify.sessions.envelope import open_frame
from idverify.sessions.state import State

FOLDER = Path(idverify.__file__).parent / "web" / "capture"
CATALOGUES = {language: json.loads((FOLDER / "i18n" / f"{language}.json").read_text("utf-8")) for language in LANGUAGES}
PLACES = re.compile(r"\{\w+\}")

_NO_GUIDANCE = {
    *(phase.value for phase in conductor.Phase),
    *(doing.value for doing in steps.Doing),
    "deadline",  # the end of an attempt, told as a code for a retake
}


def guidance_codes() -> set[str]:
    """Every word in the modules that guide a person which could be a code: what is not one is named above."""
    found: set[str] = set()
    for module in (guidance, steps, conductor):
        tree = ast.parse(inspect.getsource(module))
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z_]+", node.value)
        }
    return found - _NO_GUIDANCE


def error_codes() -> set[str]:
    """What the person's calls and the stream may refuse with, by what their functions say that they raise.

    Faults of ours reach a person as one, whatever their code.
    """
    said = " ".join(
        inspect.getdoc(one) or ""
        for one in (
            person.link, person.begin, person.extend, person.outcome, handover.offer, handover.open_link, handover.confirm,
            live.connect, live.receive, live_decision.conclude, attempts.require_live_attempt, reference.reference_of, load,
            require_open, open_frame,
        )
    )  # fmt: skip
    kinds = {kind for name, kind in vars(errors).items() if isinstance(kind, type) and re.search(rf"\b{name}\b", said)}
    kinds |= {errors.Unauthenticated, errors.Overloaded}
    refusals = {
        kind for kind in kinds if hasattr(kind, "code") and not issubclass(kind, errors.Fault) and status_of(kind) < 500
    }
    return {kind.code for kind in refusals} | {"internal"}


NOT_THE_PERSONS = {
    errors.InvalidInput.code,  # a wrong code of a hand-over, which has its own words
    errors.TooLarge.code,  # of a picture, which the page bounds; shown as a fault of ours
    UnsupportedMediaType.code,
    BodyTimeout.code,
    InsecureTransport.code,  # the page itself came over TLS
    errors.AttestationRefused.code,
}


def demanded() -> set[str]:
    """Every key that a code of the service leads to."""
    ends = {person.OUTCOMES[one] for one in person.OUTCOMES} - {"over", "retake"}
    ends |= {state.value for state, told in person.OUTCOMES.items() if told == "over"}
    assert {State.EXPIRED, State.CANCELLED} <= set(person.OUTCOMES)
    return {
        *(f"cap.hint.{code}" for code in guidance_codes()),
        *(f"cap.step.{kind.value}" for kind in Kind),
        *(f"cap.retake.{code}" for code in (*RETAKE, *live_decision.RETAKE, review_decision.TRY_AGAIN)),
        *(f"cap.end.{end}.{part}" for end in ends for part in ("title", "body")),
        *(f"cap.problem.{code}.{part}" for code in error_codes() - NOT_THE_PERSONS for part in ("title", "body")),
    }


def used() -> set[str]:
    """Keys that the page's modules spell out."""
    text = "\n".join(module.read_text("utf-8") for module in FOLDER.glob("*.mjs"))
    return set(re.findall(r"[\"`](cap\.[a-z_.0-9]+)[\"`]", text))


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_code_that_the_service_can_send_is_without_words(language: str) -> None:
    """Guidance, steps, retakes, outcomes and refusals; and what the page itself names."""
    missing = {key for key in demanded() | used() if key not in CATALOGUES[language]}
    assert not missing
    assert {"cap.hint.far", "cap.hint.fast", "cap.hint.flash", "cap.problem.session_taken.title"} <= demanded()
    assert len(guidance_codes()) >= 20


def test_the_catalogues_say_the_same_things() -> None:
    """The same keys, the same places to fill in, no empty words, and no words that nothing shows."""
    one, *others = CATALOGUES.values()
    for other in others:
        assert other.keys() == one.keys()
        assert {key: set(PLACES.findall(words)) for key, words in one.items()} == {
            key: set(PLACES.findall(words)) for key, words in other.items()
        }
    assert all(words.strip() for catalogue in CATALOGUES.values() for words in catalogue.values())
    made = r"cap\.((hint|step|retake|end|problem|choice|consent|tries|allow|handover\.do)\..+|reload)"
    assert {key for key in one if not re.fullmatch(made, key)} <= used() | {"cap.noscript"}


def test_nobody_who_is_too_near_is_told_to_come_closer() -> None:
    """A mistake that pages of this kind have made."""
    assert "closer" not in CATALOGUES["en"]["cap.hint.near"]
    assert "靠近" not in CATALOGUES["zh-Hans"]["cap.hint.near"]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "before the camera"])
def test_text_and_controls_stand_out(scheme: int) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 to 1 for text, 3 to 1 for the borders of controls."""
    style = (FOLDER / "style.css").read_text("utf-8")
    blocks = re.findall(r"(?:root|staged) \{([^}]*--ground[^}]*)\}", style)
    assert len(blocks) == 3
    colours = {**_variables(blocks[0]), **_variables(blocks[scheme])}
    grounds = (colours["ground"], colours["raised"])
    for text, ground in itertools.product(("text", "soft", "accent"), grounds):
        assert _contrast(colours[text], ground) >= 4.5, (text, ground)
    assert _contrast(colours["on-accent"], colours["accent"]) >= 4.5
    assert _contrast(colours["alert"], colours["alert-ground"]) >= 4.5
    for border, ground in itertools.product(("line", "good"), grounds):
        assert _contrast(colours[border], ground) >= 3, (border, ground)


def _variables(block: str) -> dict[str, str]:
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block))
    return {name: value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:]) for name, value in found.items()}
