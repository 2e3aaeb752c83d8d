"""The SDK's standard tests, against a sandbox."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tap_seeker_leads.tap import TapSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Iterator

# `extra` is null as long as the API sends nothing beyond its contract, so the suite has no value of it to check.
pytestmark = pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")

#: The suite creates a tap when tests are collected; the URL is set when the sandbox runs.
CONFIG: dict[str, Any] = {"auth_token": "sandbox-token", "start_date": time.strftime("%Y-01-01")}

TestTapSeekerLeads = get_tap_test_class(
    TapSeekerLeads, config=CONFIG, suite_config=SuiteConfig(max_records_limit=50), parse_env_config=False
)


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[Sandbox]:
    with Sandbox.start(SandboxOptions(leads=60, days=5)) as sandbox:
        CONFIG["api_url"] = sandbox.api_url
        yield sandbox
