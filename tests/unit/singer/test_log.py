from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.log import refuse_unknown_level

if TYPE_CHECKING:
    from pathlib import Path

TAP, TARGET = "tap_seeker_leads.tap:TapSeekerLeads", "target_seeker_leads.target:TargetSeekerLeads"


@pytest.mark.parametrize(
    "variables",
    [{}, {"LOGLEVEL": "debug"}, {"LOGLEVEL": "Info"}, {"X_LOGLEVEL": "error"}, {"X_LOGLEVEL": "INFO", "LOGLEVEL": "x"}],
)
def test_known_levels_are_accepted(variables: dict[str, str]) -> None:
    """A level may be in upper or lower case, and the plugin's own takes precedence over the general one."""
    before = dict(variables)
    refuse_unknown_level(variables, "X_")
    assert variables == before


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"LOGLEVEL": "verbose"}, "^LOGLEVEL must be one of"),
        ({"LOGLEVEL": "10"}, "^LOGLEVEL must be one of"),
        ({"X_LOGLEVEL": "verbose", "LOGLEVEL": "INFO"}, "^X_LOGLEVEL must be one of"),
        ({"X_LOGLEVEL": " ", "LOGLEVEL": "verbose"}, "^LOGLEVEL must be one of"),
    ],
)
def test_unknown_level_is_named(variables: dict[str, str], named: str) -> None:
    """An unknown level is reported with its variable."""
    with pytest.raises(SettingsError, match=named):
        refuse_unknown_level(variables, "X_")


def test_variables_set_to_nothing_are_not_given() -> None:
    """An empty level counts as not set, and an empty path of a configuration is not the current folder."""
    variables = {"X_LOGLEVEL": "", "LOGLEVEL": " ", "SINGER_SDK_LOG_CONFIG": "", "OTHER": ""}
    refuse_unknown_level(variables, "X_")
    assert variables == {"OTHER": ""}


@pytest.mark.parametrize(
    ("plugin", "variables", "words"),
    [
        (TAP, {"LOGLEVEL": "verbose"}, "LOGLEVEL must be one of DEBUG"),
        (TARGET, {"LOGLEVEL": "verbose"}, "LOGLEVEL must be one of DEBUG"),
        (TAP, {"LOGLEVEL": "", "SINGER_SDK_LOG_CONFIG": ""}, "`auth_token`"),
        (TARGET, {"SINGER_SDK_LOG_CONFIG": "{0}"}, "SINGER_SDK_LOG_CONFIG"),
        (TAP, {"SINGER_SDK_LOG_CONFIG": "{0}/null.yml"}, "SINGER_SDK_LOG_CONFIG"),
        (TARGET, {"SINGER_SDK_LOG_CONFIG": "{0}/bad.yml"}, "SINGER_SDK_LOG_CONFIG"),
        (TAP, {"SINGER_SDK_LOG_CONFIG": "{0}/other.yml"}, "SINGER_SDK_LOG_CONFIG"),
    ],
)
def test_log_that_cannot_be_set_up_is_one_line(
    plugin: str, variables: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Wrong log settings in the environment end the program with one line and the status of a wrong setting."""
    (tmp_path / "null.yml").write_text("null")
    (tmp_path / "bad.yml").write_text("a: [")
    (tmp_path / "other.yml").write_text("version: 1\nhandlers: {x: {class: no.such.Handler}}")
    module, name = plugin.split(":")
    code = f"import sys; from {module} import {name}; sys.argv = ['x', '--config', 'ENV']; {name}.cli()"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PYTHONPATH": ":".join(path for path in sys.path if path),
            **{key: value.format(tmp_path) for key, value in variables.items()},
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 2, ended.stderr
    assert words in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert "defect" not in ended.stderr
