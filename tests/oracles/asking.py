"""Verifiers that nobody here wrote, each in a process of its own: many cases in, an answer each out."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Oracle:
    """name: of the package. authors: who wrote it. ask: the script beside this file. kinds: of case that it answers."""

    name: str
    version: str
    authors: str
    licence: str
    ask: str
    kinds: frozenset[str]

    @property
    def missing(self) -> str | None:
        """Why it cannot be asked here, or None."""
        if not self.ask.endswith(".mjs"):
            return None
        if shutil.which("node") is None:
            return f"{self.name} needs node, which is not installed"
        if not (HERE / "node_modules" / self.name).is_dir():
            return f"{self.name} is not installed: run `npm ci` in tests/oracles (`make setup` does where npm is)"
        return None


_READS = frozenset({"status_list", "packed"})
POLARIS = Oracle("polaris-oid4vp", "1.0.0", "Polaris", "Apache-2.0", "ask_polaris.py", _READS | {"presentation"})
OPENVC = Oracle(
    "openvc-core",
    "1.37.0",
    "openvc",
    "LGPL-3.0",
    "ask_openvc.py",
    _READS | {"presentation", "mdoc", "slip", "trust_list", "answer", "requests"},
)
SD_JWT_VC = Oracle(
    "@sd-jwt/sd-jwt-vc", "0.19.0", "OpenWallet Foundation", "Apache-2.0", "ask_sd_jwt.mjs", frozenset({"presentation"})
)
STATUS_LIST = Oracle("@sd-jwt/jwt-status-list", "0.19.0", "OpenWallet Foundation", "Apache-2.0", "ask_sd_jwt.mjs", _READS)
OPENID4VCI = Oracle(
    "@openid4vc/openid4vci",
    "0.4.6",
    "OpenWallet Foundation",
    "Apache-2.0",
    "ask_openid4vci.mjs",
    frozenset({"offer", "requests"}),
)
OPENID4VP = Oracle(
    "@openid4vc/openid4vp",
    "0.4.6",
    "OpenWallet Foundation",
    "Apache-2.0",
    "ask_openid4vp.mjs",
    frozenset({"wallet", "request", "asking", "answer"}),
)
ZXING = Oracle("zxing-cpp", "3.1.1", "ZXing", "Apache-2.0", "ask_zxing.py", frozenset({"qr"}))
ORACLES = (POLARIS, OPENVC, SD_JWT_VC, STATUS_LIST, OPENID4VCI, OPENID4VP, ZXING)

STRICT = (POLARIS, OPENVC)
"""Those that check all of a presentation: certificate, signature, times, audience, nonce, binding and status."""


def ask(oracle: Oracle, cases: list[dict]) -> list[dict]:
    """An answer each, in order: accepted, reason, and what was read. A process that dies is no answer."""
    if not cases:
        return []
    return list(json.loads(_asked(oracle.ask, json.dumps(cases))))


@cache
def _asked(script: str, cases: str) -> str:
    command = ["node"] if script.endswith(".mjs") else [sys.executable]
    ran = subprocess.run([*command, HERE / script], input=cases, capture_output=True, text=True, check=False, timeout=120)
    if ran.returncode != 0:
        raise RuntimeError(f"{script} died: {ran.stderr[-2000:]}")
    return ran.stdout
