"""Runs Node on what lies in a folder."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def node(*arguments: str, given: str = "", where: Path = HERE, exits: int = 0) -> str:
    """What Node prints when it exits as expected; else it fails with all that was said. Skips where there is no Node.

    given: on its standard input. where: the folder it runs in.
    """
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None:
        pytest.skip("Node.js (20 or later) is absent")
    ran = subprocess.run(
        [program, *arguments], cwd=where, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == exits, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout
