"""How the pages are rewritten for the site."""

from __future__ import annotations

import pytest

from website.as_github import readable

REPOSITORY = "https://code.example/leads"


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("start.md", "../meltano.yml", f"{REPOSITORY}/blob/main/meltano.yml"),
        ("start.md", "../CHANGELOG.md#unreleased", f"{REPOSITORY}/blob/main/CHANGELOG.md#unreleased"),
        ("privacy.md", "../dbt", f"{REPOSITORY}/tree/main/dbt"),
        ("fr/demarrage.md", "../../examples/leads.csv", f"{REPOSITORY}/blob/main/examples/leads.csv"),
        ("fr/demarrage.md", "../cli.md#rejects", "../cli.md#rejects"),
        ("start.md", "cli.md", "cli.md"),
        ("start.md", "../no-such-file.md", "../no-such-file.md"),
        ("start.md", "../../../../../etc/passwd", "../../../../../etc/passwd"),
    ],
)
def test_links_out_of_the_pages_lead_to_the_repository(page: str, link: str, expected: str) -> None:
    """A link to a file outside `docs/` becomes an address in the repository; the build checks other links."""
    assert readable(f"See [this]({link}).", page, REPOSITORY) == f"See [this]({expected})."


def test_blocks_stay_as_they_are() -> None:
    """A code block does not change, even if it contains a link; the content of a step is indented further."""
    block = "```yaml\na:\n   b: '[x](../meltano.yml)'\n```\n"
    assert readable(block, "start.md", REPOSITORY) == block
    assert readable(f"1. Do:\n\n   ```sh\n   ls\n   ```\n\n{block}", "start.md", REPOSITORY) == (
        f"1. Do:\n\n    ```sh\n    ls\n    ```\n\n{block}"
    )


def test_block_keeps_its_language_alone() -> None:
    """A block of `json lines` is highlighted as JSON, as on GitHub; its other lines stay."""
    assert readable("```json lines\n{}\n```\n", "start.md", REPOSITORY) == "```json\n{}\n```\n"
