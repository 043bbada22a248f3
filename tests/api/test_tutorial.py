"""The tutorial's client, taken from the page and run as it stands against a real service."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from phone import frame

from .support import Running

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial/live-session.md"


@pytest.mark.checkout
def test_the_tutorials_client_speaks_the_stream_and_its_lifeless_photograph_is_declined(
    service: Running, samples: Path, tmp_path: Path
) -> None:
    """From the first call to the result, with an ordinary WebSocket library."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "session.py").write_text(script)
    (tmp_path / "camera.jpg").write_bytes(frame("obama.jpg", 0))
    _, key = service.new_key("sessions:create")
    run = subprocess.run(
        [sys.executable, "session.py", str(samples / "obama2.jpg"), "camera.jpg"],
        cwd=tmp_path,
        env={"BASE": service.url, "KEY": key, "PATH": os.environ["PATH"], "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "'type': 'step'" in run.stdout
    assert "'outcome': 'declined'" in run.stdout
