"""The SDK's standard tests for targets, against a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordBeforeSchemaTest, TargetRecordMissingKeyProperty

from seeker_leads_sandbox import Sandbox, SandboxOptions
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: dict[str, Any] = {"auth_token": "sandbox-token"}

#: They expect the SDK's own exceptions. In our target, a RECORD before its SCHEMA is a FatalError that names the line,
#: and a record without its key is delivered (tests/integration/test_target_input.py).
NOT_OURS = {TargetRecordBeforeSchemaTest, TargetRecordMissingKeyProperty}

TestTargetSeekerLeads = get_target_test_class(
    TargetSeekerLeads,
    config=CONFIG,
    custom_suites=[SingerTestSuite(kind="target", tests=[test for test in target_tests.tests if test not in NOT_OURS])],
    include_target_tests=False,
)


@pytest.fixture(scope="module", autouse=True)
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("target")
    with Sandbox.start(SandboxOptions()) as sandbox:
        CONFIG["api_url"] = sandbox.api_url
        CONFIG["ledger_url"] = f"sqlite:///{folder / 'ledger.db'}"
        CONFIG["rejects_path"] = str(folder / "rejects.jsonl")
        yield sandbox
