"""The command line: the only place that prints or exits."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> None:
    """Run one command; exit codes as in docs/exit-codes.md."""
    from chiro_db.cli.streams import settle

    settle()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """The exit code; whatever goes wrong is said here and nowhere else."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # before typer is there to catch it
        return _interrupted()


def _run(arguments: list[str]) -> int:
    import typer

    from chiro_db.cli.app import app
    from chiro_db.errors import ChirodbError, of_system

    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = "--debug" in arguments[:end]  # anywhere, since it is asked for after a failure
    arguments = [a for a in arguments[:end] if a != "--debug"] + arguments[end:]
    try:
        result = typer.main.get_command(app)(
            args=arguments, prog_name="chirodb", standalone_mode=False
        )
    except typer.TyperException as error:  # a wrong command line
        _say_usage(error)
        return 1
    except typer.Abort:  # at a question
        return _interrupted()
    except ChirodbError as error:
        if debug:
            _trace()
        _say(error)
        return 1
    except OSError as error:  # a full disk behind standard output, say
        if debug:
            raise
        _say(of_system(error))
        return 1
    except Exception as error:  # a bug of ours, told like everything else
        if debug:
            raise
        _talk(f"error: {type(error).__name__}: {error}")
        _talk("  hint: this is a bug; --debug shows where")
        return 1
    if result == _INTERRUPTED:  # what typer makes of Ctrl-C, without a word
        return _interrupted()
    return result if isinstance(result, int) else 0


def _interrupted() -> int:
    if sys.stderr.isatty():
        _talk("")  # the terminal has written ^C on this line
    _talk("interrupted")
    return _INTERRUPTED


def _say_usage(error: typer.TyperException) -> None:
    """Typer's own words, and where to read more; a bare group shows its help."""
    context = getattr(error, "ctx", None)
    message = error.format_message().replace("Value error, ", "")  # a word of pydantic's
    if message.startswith("Usage:"):
        _talk(message)
        return
    _talk(f"error: {message.rstrip('.')}")
    _talk(f"  hint: see `{context.command_path if context else 'chirodb'} --help`")


def _talk(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - this is the door for all talk


def _trace() -> None:
    """The traceback; what it ends with is told below it, with place and hint."""
    import traceback

    traceback.print_exc()


def _say(error: Exception) -> None:
    from chiro_db.report.errors import lines

    for line in lines(error):
        _talk(line)
