"""What each command says of itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from tests.pages import every_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pages import Block


def commands_of(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = dict(commands_of(main))


def named(words: list[str]) -> tuple[str, ...]:
    """Return the longest command that these words begin with."""
    return next(tuple(words[:count]) for count in range(len(words), -1, -1) if tuple(words[:count]) in COMMANDS)


def refuse_unknown(words: list[str], place: str) -> None:
    command = COMMANDS[named(words)]
    assert not isinstance(command, click.Group) or len(words) <= len(named(words)) or words[-1] == "--help", place
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= options, f"{place}: {given - options}"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_an_example(words: tuple[str, ...]) -> None:
    """Each command shows how it is called, on a line of its own, with options that it has."""
    output = CliRunner().invoke(main, [*words, "--help"], prog_name="seeker-leads").stdout
    examples = [line.split() for line in output.partition("Example:\n")[2].splitlines() if "seeker-leads" in line]
    assert examples
    for program, *rest in examples:
        assert program == "seeker-leads"
        assert tuple(rest[: len(words)]) == words
        refuse_unknown(rest, f"--help of {words}")


@pytest.mark.parametrize("block", every_block("sh"), ids=lambda block: block.place)
def test_pages_give_the_tool_what_it_has(block: Block) -> None:
    """Each command and option that a page gives to the tool is one, by itself and by Meltano."""
    lines = re.sub(r"meltano invoke (?:tap|target)-seeker-leads:", "seeker-leads ", block.text.replace("\\\n", " "))
    for line in lines.splitlines():
        words = line.partition(" #")[0].split()
        if "seeker-leads" in words:
            refuse_unknown(words[words.index("seeker-leads") + 1 :], block.place)
