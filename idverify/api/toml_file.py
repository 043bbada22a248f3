"""Reading a TOML file that the operator names in the environment."""

import tomllib
from pathlib import Path
from typing import Any

from idverify.errors import ConfigurationInvalid


def read_toml(variable: str, file: Path) -> dict[str, Any]:
    """What the file says. variable: of the environment, which names it. Raises ConfigurationInvalid."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationInvalid(f"{variable}: {file} cannot be read: {error}") from error
