"""How the commands of both plugins end after wrong input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from pathlib import Path

    from singer_sdk.plugin_base import PluginBase


@pytest.mark.parametrize("content", ["null", "[1]", '["abc"]', '"text"', "5", "true"])
@pytest.mark.parametrize("plugin", [TapSeekerLeads, TargetSeekerLeads])
def test_config_file_without_an_object_is_a_setting_to_fix(
    plugin: type[PluginBase], content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A `--config` file that is JSON but not an object ends the run with one line and status 2."""
    file = tmp_path / "config.json"
    file.write_text(content)
    with pytest.raises(SystemExit) as ended:
        plugin.get_singer_command().main(["--config", str(file)])
    assert ended.value.code == 2
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert "--config" in line
    assert "is not a JSON object: fix it" in line
