"""The documents are true in what a machine can check: links lead somewhere, commands exist, nothing foreign is named."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from idverify.cli import main

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "models").rglob("*.md")),
]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_relative_link_leads_somewhere(document):
    """A reader who follows a link finds the page."""
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text())
    missing = [target for target in targets if "://" not in target and not (document.parent / target).exists()]
    assert missing == []


def _commands(document: Path) -> Iterator[list[str]]:
    """The command lines of `idverify` in fenced blocks: continued lines joined, comments and pipes cut off."""
    for block in re.findall(r"```\w*\n(.*?)```", document.read_text(), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip().startswith("idverify "):
                yield shlex.split(line.split("|")[0].split(" > ")[0], comments=True)[1:]


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_command_that_a_document_shows_exists_with_those_options(document):
    """Command and options are looked up in the real command line."""
    root = typer.main.get_command(main.build())
    for words in _commands(document):
        node, rest = root, list(words)
        while rest and not rest[0].startswith("-") and rest[0] in getattr(node, "commands", {}):
            node = node.commands[rest.pop(0)]
        assert not hasattr(node, "commands") or rest == ["--help"] or rest == ["..."], f"no such command: {shlex.join(words)}"
        known = {option for parameter in node.params for option in parameter.opts} | {"--help"}
        unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
        assert not unknown, f"{shlex.join(words)}: {unknown}"


def test_no_placeholder_is_left_in_a_document():
    """A page that still says @TABLE@ was never read."""
    assert [_name(path) for path in DOCUMENTS if re.search(r"@[A-Z]+@|TODO|FIXME|XXX", path.read_text())] == []


def test_the_project_names_no_registry_host_and_no_folder_of_a_machine():
    """What is tracked reads the same everywhere."""
    pattern = "npm" + r"js\.|py" + r"pi[.]org|python" + "hosted|deb[.]debi" + "an|/(work|farm|root)/"
    found = subprocess.run(
        ["git", "grep", "-nIiE", pattern, "--", ".", ":!LICENSE"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode > 1:
        pytest.skip("not a git checkout")
    assert found.stdout == ""
