"""The site that MkDocs builds from the pages; `make test-docs` runs this with a separate environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.pages import PAGES, PROJECT
from website.as_github import address

if TYPE_CHECKING:
    from pathlib import Path

MKDOCS = os.environ.get("SEEKER_LEADS_MKDOCS", "")
pytestmark = pytest.mark.skipif(not MKDOCS, reason="`make test-docs` runs it")
#: Matches what a page loads, as opposed to its links.
_LOADED = re.compile(r'<(?:script|img|source|link rel="(?:stylesheet|preconnect|icon)")[^>]*?(?:src|href)="([^"]+)"')


def build(project: Path) -> subprocess.CompletedProcess[str]:
    command = [MKDOCS, "build", "--config-file", str(project / "website" / "mkdocs.yml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that the site is built from."""
    for folder in ("benchmarks", "docs", "website", "hub", "examples", "seeker_leads_api", "dbt"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    for file in (*PROJECT.glob("*.md"), *map(PROJECT.joinpath, ("meltano.yml", "compose.yaml", "Dockerfile"))):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_site_has_every_page_and_loads_nothing_from_elsewhere(project: Path) -> None:
    """Each page exists, shows blocks and lists as such, and makes a browser load nothing from another site."""
    built = build(project)
    assert built.returncode == 0, built.stderr
    site = project / ".docs" / "site"
    pages = [page.removeprefix("docs/").removesuffix(".md") for page in PAGES if page.startswith("docs/")]
    for page in pages:
        html = (site / ("" if page == "README" else page) / "index.html").read_text("utf-8")
        loaded = _LOADED.findall(html)
        assert loaded, page
        assert [link for link in loaded if "//" in link] == [], page
        article = html.partition("<article")[2].partition("</article>")[0]
        assert "```" not in article, page
        assert re.findall(r"<p>(?:[-*]|\d+\.) ", article) == [], page
        assert f'href="{address()}"' in html, page
    assert (site / "search" / "search_index.json").stat().st_size > 100_000


def test_steps_with_a_block_remain_one_list(project: Path) -> None:
    """A numbered step may contain a block that is indented by three spaces: the next step continues the numbering."""
    steps = "# U\n\n1. One:\n\n   ```text\n   in it\n   ```\n\n2. Two.\n"
    (project / "docs" / "upgrading.md").write_text(steps, "utf-8")
    build(project)
    html = (project / ".docs" / "site" / "upgrading" / "index.html").read_text("utf-8")
    article = html.partition("<article")[2].partition("</article>")[0]
    assert article.count("<ol>") == 1
    assert "\nin it" in re.sub(r"<[^>]*>", "\n", article)


@pytest.mark.parametrize("link", ["nothing.md", "README.md#nothing", "#nothing", "../nothing.py", "../../etc/passwd"])
def test_broken_link_fails_the_build(project: Path, link: str) -> None:
    """A link to a missing page, heading or file fails the build with a message that names it."""
    with (project / "docs" / "start.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[broken]({link})\n")
    built = build(project)
    assert built.returncode != 0
    assert link in built.stderr
