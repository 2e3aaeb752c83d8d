"""Meltano commands with a pitfall, on the pages and in the Hub's texts."""

from __future__ import annotations

import re

from tests.pages import PAGES, PROJECT, every_block, text_of

HUB_TEXTS = tuple(f"hub/{path.name}" for path in (PROJECT / "hub").glob("*.yml"))


def test_configuration_is_tested_in_an_environment() -> None:
    """`meltano config` ignores the default environment, so each test of a plugin's configuration names one."""
    found = [
        (page, command)
        for page in (*PAGES, *HUB_TEXTS)
        for command in re.findall(r"meltano [^`\n]*config test t[^`\n]*", text_of(page))
    ]
    assert {page for page, _ in found} == {"docs/tap.md", "hub/tap-seeker-leads.yml"}
    assert [command for _, command in found if "--environment" not in command] == []


def test_no_command_runs_the_tap_under_a_suffix() -> None:
    """Runs of one tap that differ only in the suffix share their state, so the pages use `meltano el`."""
    assert [block.place for block in every_block("sh") if "--state-id-suffix" in block.text] == []
    assert any("--state-id=" in block.text for block in every_block("sh"))
