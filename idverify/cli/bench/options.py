"""Options that several benchmarks share."""

from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(help="seed of the bootstrap")]
