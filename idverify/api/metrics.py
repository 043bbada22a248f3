"""What the service counts. Labels are route templates, codes, stages and decisions; never an id, a name or a score."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STAGE_BUCKETS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512)
_REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12)


class Metrics:
    """Counters and histograms of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "idverify_requests", "Requests answered", ["method", "route", "status", "code"], registry=self.registry
        )
        self._seconds = Histogram(
            "idverify_request_seconds", "Time to answer", ["route"], buckets=_REQUEST_BUCKETS, registry=self.registry
        )
        self._stages = Histogram(
            "idverify_stage_seconds",
            "Time of one stage of a verification",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self._decisions = Counter(
            "idverify_decisions", "Verifications decided", ["decision", "policy", "environment"], registry=self.registry
        )
        self._heads = Counter("idverify_audit_heads", "Signed audit heads", ["outcome"], registry=self.registry)
        self._webhooks = Counter("idverify_webhook_attempts", "Attempts to deliver", ["outcome"], registry=self.registry)
        self._frames = Counter(
            "idverify_live_frames",
            "Frames of live sessions taken in, `analysed` or only `tracked`",
            ["kind"],
            registry=self.registry,
        )
        self._attempts = Histogram(
            "idverify_live_decision_seconds",
            "From the arrival of an attempt's last frame to its outcome",
            buckets=_REQUEST_BUCKETS,
            registry=self.registry,
        )
        self.ceremonies = Gauge("idverify_ceremonies_running", "Ceremonies that run now", registry=self.registry)

    def answered(self, method: str, route: str, status: int, code: str, seconds: float) -> None:
        """Count one answer. route: the template, never the path. code: of the problem, or `ok`."""
        self._requests.labels(method if method in _METHODS else "OTHER", route, str(status), code).inc()
        self._seconds.labels(route).observe(seconds)

    def decided(self, decision: str, policy: str, environment: str, timings_ms: Mapping[str, float]) -> None:
        """Count one decision and its stages. timings_ms: milliseconds by stage."""
        self._decisions.labels(decision, policy, environment).inc()
        for stage, milliseconds in timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def live_frame(self, *, analysed: bool) -> None:
        """Count one frame of a live session."""
        self._frames.labels("analysed" if analysed else "tracked").inc()

    def live_decided(self, seconds: float) -> None:
        """Count one attempt whose outcome is known. seconds: since its last frame arrived."""
        self._attempts.observe(seconds)

    def head(self, outcome: str) -> None:
        """Count one attempt to sign the audit head: `written` or `failed`."""
        self._heads.labels(outcome).inc()

    def webhook(self, outcome: str) -> None:
        """Count one attempt to deliver: `delivered`, `postponed`, `given_up`, `superseded` or `failed`."""
        self._webhooks.labels(outcome).inc()

    def exposition(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)
