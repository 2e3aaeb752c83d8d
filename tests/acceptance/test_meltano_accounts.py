"""Many accounts in a Meltano project: what its `meltano.yml` says reaches the tap."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from tests.pages import PROJECT
from tests.user_programs import BIN, run_to_end
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox


def test_accounts_of_a_project_are_read(account: Sandbox, tmp_path: Path, meltano_plugins: None) -> None:  # noqa: ARG001  # a skip
    """Meltano expands `$VAR` in the list, and the leads of each account come with its label."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    (tap,) = (each for each in project["plugins"]["extractors"] if each["name"] == "tap-seeker-leads")
    tap["config"] = {
        "accounts": [{"label": "paris", "auth_token": "$PARIS_TOKEN"}, {"label": "lyon", "auth_token": "$LYON_TOKEN"}]
    }
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(project), "utf-8")
    environment = shell_in_project(
        tmp_path,
        account.api_url,
        MELTANO_PROJECT_ROOT=str(tmp_path),
        TAP_SEEKER_LEADS_AUTH_TOKEN="",
        PARIS_TOKEN=account.options.token,
        LYON_TOKEN="expired",
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
    )
    ended = run_to_end(BIN / "meltano", "run", "tap-seeker-leads", "target-jsonl", cwd=tmp_path, env=environment)
    assert ended.status == 1, ended.stderr[-3000:]
    assert "1 of 2 accounts could not be read to the end. lyon: " in ended.stderr
    (file,) = tmp_path.glob("leads*.jsonl")
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {record["account"] for record in records} == {"paris"}
    assert len(records) == len(account.store)
