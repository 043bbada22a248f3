"""The console script: mounts the command groups and turns every outcome into the exit codes of the contract.

0 accepted, valid, done; 1 rejected, invalid, revoked; 2 usage; 3 the input cannot be used; 4 any other fault; 5 cannot tell;
130 interrupted. With `--json` one object on standard output in every case.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from idverify import __version__
from idverify.cli.output import FAULT, INTERRUPTED, OK, REJECTED, UNUSABLE_INPUT, USAGE, console, printable, write_json
from idverify.errors import AccessDenied, IdverifyError, InputError, TokenInvalid

# Commands that stand at the top level with the file each is in, and files that are a group of commands of that name.
TOP_LEVEL = {
    "demo": "demo",
    "compare": "compare",
    "enrol": "enrol",
    "verify": "verify",
    "serve": "serve",
    "calibrate": "calibrate",
    "backup": "backup",
    "restore": "backup",
    "gate": "gate",
}
GROUPS = (
    "token",
    "models",
    "clients",
    "keys",
    "pki",
    "trust",
    "registry",
    "portraits",
    "audit",
    "credentials",
    "wallet",
    "present",
    "seal",
    "bench",
)


def build(named: str | None = None) -> typer.Typer:
    """The whole command line; with the name of a command, as little of it as that command needs, which starts faster."""
    app = typer.Typer(
        name="idverify",
        help="Is the person in front of the camera the person in the registry photo? A signed answer, in milliseconds.\n\n"
        "Start with [bold]idverify demo[/bold]. An environment that is not named is production: pass --dev, or set "
        "IDVERIFY_ENV=dev, while you try things.",
        epilog="Exit codes: 0 accepted, valid or done; 1 rejected, invalid or revoked; 2 usage; 3 the input cannot be used; "
        "4 any other fault; 5 cannot tell; 130 interrupted.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_options)
    known = (*TOP_LEVEL.values(), *GROUPS)
    wanted = {TOP_LEVEL.get(named or "", named)} & set(known) or set(known)
    for module in dict.fromkeys(TOP_LEVEL.values()):
        if module in wanted:
            app.add_typer(import_module(f"idverify.cli.{module}").app)
    for module in GROUPS:
        if module in wanted:
            app.add_typer(import_module(f"idverify.cli.{module}").app, name=module)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"idverify {__version__}\n")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="print the version and stop"),
    types: Annotated[
        Path | None,
        typer.Option(
            envvar="IDVERIFY_TYPES_DIR", help="folder of credential types of your own; readers and wallets know them too"
        ),
    ] = None,
) -> None:
    """Options of the program itself."""
    if types is not None:
        from idverify.credentials.type_files import adopt_types

        adopt_types(types)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with the code of its outcome."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = run(build(arguments[0] if arguments else None), arguments)
    except KeyboardInterrupt:  # while the command was being loaded
        code = _say("--json" in arguments, "interrupted", "interrupted", INTERRUPTED)
    sys.exit(_delivered(code))


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Exit code of one command; whatever it raised has been said, as text or as the one JSON object."""
    as_json = "--json" in arguments
    try:
        returned = typer.main.get_command(app).main(args=list(arguments), prog_name="idverify", standalone_mode=False)
    except typer.Abort:
        return _say(as_json, "interrupted", "interrupted", INTERRUPTED)
    except typer.TyperException as error:
        show = getattr(error, "show", None)
        if show is not None and not as_json:
            show()
            return USAGE
        return _say(as_json, "usage", error.format_message(), USAGE)
    except KeyboardInterrupt:
        return _say(as_json, "interrupted", "interrupted", INTERRUPTED)
    except SystemExit:  # typer's answer to a reader that went away is exit 1, our word for 'rejected'
        return FAULT
    except IdverifyError as error:
        return _say(as_json, error.code, error.message, _exit_code(error), getattr(error, "retake", ()))
    except Exception as error:
        if os.environ.get("IDVERIFY_TRACEBACK"):
            traceback.print_exc()
        hint = "set IDVERIFY_TRACEBACK=1 to see where"
        return _say(as_json, "internal", f"{type(error).__name__}: {error} ({hint})", FAULT)
    if returned == INTERRUPTED:
        return _say(as_json, "interrupted", "interrupted", INTERRUPTED)
    return returned if isinstance(returned, int) else OK


def _delivered(code: int) -> int:
    """The code, or FAULT where what was said did not reach its reader; 0 and 1 are answers that somebody relies on."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        with suppress(OSError):  # or Python flushes once more at its end, and exits with a code of its own
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAULT
    return code


def _exit_code(error: IdverifyError) -> int:
    match error:
        case InputError() | AccessDenied():
            return UNUSABLE_INPUT
        case TokenInvalid():
            return REJECTED
        case _:
            return FAULT


def _say(as_json: bool, code: str, message: str, exit_code: int, retake: Sequence[str] = ()) -> int:
    """Say what went wrong; the exit code is FAULT where even that cannot be said."""
    try:
        if as_json:
            error: dict[str, object] = {"code": code, "message": message}
            if retake:
                error["retake"] = list(retake)
            write_json({"error": error})
        else:
            console.print(f"[red]{code}[/red]: ", end="")
            console.print(Text("\n").join(printable(line) for line in message.splitlines()))  # it may quote a stranger
            for words in retake:
                console.print(f"  - {words}", markup=False)
    except (OSError, ValueError, AttributeError):
        return FAULT
    return exit_code


if __name__ == "__main__":
    main()
