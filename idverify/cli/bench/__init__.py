"""`idverify bench`: a file per command. Each run writes report.json; --json prints the same object."""

import typer

from idverify.cli.bench.accuracy import accuracy
from idverify.cli.bench.attacks import attacks
from idverify.cli.bench.compare import compare
from idverify.cli.bench.latency import latency
from idverify.cli.bench.load import load
from idverify.cli.bench.pad import pad
from idverify.cli.bench.search import search
from idverify.cli.bench.tokens import tokens

app = typer.Typer(
    help="Measure before you trust a threshold: accuracy, attack detection, latency, load, search, tokens.",
    no_args_is_help=True,
)
for command in (accuracy, pad, attacks, latency, load, search, tokens, compare):
    app.command()(command)
