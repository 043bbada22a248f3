"""Options that several benchmarks share."""

from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(min=0, help="seed of the bootstrap")]
