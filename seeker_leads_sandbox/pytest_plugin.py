"""A sandbox for your own tests: `pytest_plugins = ["seeker_leads_sandbox.pytest_plugin"]` in `conftest.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox.options import SandboxOptions
from seeker_leads_sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def seeker_leads_sandbox_options() -> SandboxOptions:
    """The options of a test's sandbox; override this fixture to change them."""
    return SandboxOptions()


@pytest.fixture
def seeker_leads_sandbox(seeker_leads_sandbox_options: SandboxOptions) -> Iterator[Sandbox]:
    """A running sandbox for this test only, without leads unless the options ask for some."""
    with Sandbox.start(seeker_leads_sandbox_options) as sandbox:
        yield sandbox
