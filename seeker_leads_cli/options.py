"""Options that several commands share."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

import click

from seeker_leads_cli.input import InputOptions

if TYPE_CHECKING:
    from collections.abc import Callable

#: The type of an option.
Decorator: TypeAlias = "Callable[[Callable[..., None]], Callable[..., None]]"


def config_option(help_: str) -> Decorator:
    """Return the option `--config FILE`, which may be repeated."""
    return click.option("--config", "config_files", multiple=True, metavar="FILE", type=click.Path(), help=help_)


CONFIG = config_option("JSON file with settings of the target. Default: the variables TARGET_SEEKER_LEADS_….")
JSON = click.option("--json", "is_json", is_flag=True, help="Print JSON in a stable format.")
_KEY_HELP = "Column that identifies a row. Repeat the option for a key of several columns."
_STREAM_HELP = "Stream name of the rows in the ledger."
_INPUT_OPTIONS = (
    click.argument("file", metavar="FILE", type=click.Path(allow_dash=True)),
    click.option("--encoding", metavar="NAME", help="Encoding of a CSV, e.g. cp1252. Default: detected."),
    click.option("--key", "keys", multiple=True, metavar="COLUMN", help=_KEY_HELP),
    click.option("--stream", metavar="NAME", default="leads", show_default=True, help=_STREAM_HELP),
    CONFIG,
)


def example(*commands: str) -> str:
    """Return the end of a command's help: how it is called."""
    lines = "".join(f"  seeker-leads {command}\n" for command in commands)
    return f"\b\nExample:\n{lines}"


def input_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of an input file: the command is called with `InputOptions` and the paths of settings files."""

    @functools.wraps(command)
    def call(file: str, encoding: str | None, keys: tuple[str, ...], stream: str, **rest: object) -> None:
        command(InputOptions(file, encoding, stream, keys), **rest)

    decorated: Callable[..., None] = call
    for decorate in reversed(_INPUT_OPTIONS):
        decorated = decorate(decorated)
    return decorated
