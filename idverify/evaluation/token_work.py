"""What `idverify bench tokens` times of verdicts: issued, and validated."""

from collections.abc import Callable
from functools import partial
from typing import Final

from idverify.credentials import verdict
from idverify.credentials.assurance import ACTIVE
from idverify.decision.decide import decide
from idverify.decision.policy import Policy
from idverify.evaluation.tokens import WARM, Work
from idverify.keys.file import FileSigner
from idverify.values import Accepted, Evidence, Quality

ISSUER: Final = "https://id.example"
AUDIENCE: Final = "https://hotel.example"

RandomBytes = Callable[[int], bytes]


def verdict_work(n: int, *, now: float, random_bytes: RandomBytes) -> list[Work]:
    """Verdict tokens: issued, and validated."""
    signer = FileSigner.new()
    decision = _accepted()
    trust = {"keys": [signer.public_jwk()]}

    def issue(number: int) -> str:
        return verdict.issue(
            decision,
            acr=ACTIVE,
            issuer=ISSUER,
            audience=AUDIENCE,
            client_id="hotel",
            subject=f"subject-{number}",
            reference_digest=None,
            transaction_id=f"{number:032x}",
            purpose="check-in",
            nonce=None,
            target_fmr=1e-4,
            fmr_high=2e-4,
            model_pack="default@0123456789abcdef",
            environment="production",
            signer=signer,
            now=now,
            random_bytes=random_bytes,
        )

    tokens = [issue(number) for number in range(n + WARM)]
    check = partial(verdict.validate, trust=trust, audience=AUDIENCE, issuer=ISSUER, now=now)
    return [
        Work("verdict issued", [partial(issue, number) for number in range(n + WARM)], budget_ms=0.5),
        Work("verdict validated", [partial(check, token) for token in tokens], budget_ms=1.0),
    ]


def _accepted() -> Accepted:
    """What the one place that accepts says of a made comparison."""
    policy = Policy(
        name="made",
        threshold=0.0,
        target_fmr=1e-4,
        fmr=1e-4,
        fmr_high=2e-4,
        fnmr=0.0,
        fnmr_high=1.0,
        n_mated=0,
        n_non_mated=0,
        people=0,
        calibrated_on="nothing",
        calibration_digest="",
        model_digest="made",
        reason="to time tokens",
        minimum_quality={},
        minimum_pad=None,
    )
    decision = decide(Evidence(comparison_score=1.0, model_digest="made", pad_score=None, quality=Quality(())), policy)
    assert isinstance(decision, Accepted)
    return decision
