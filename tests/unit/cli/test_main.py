"""How the tool ends, whichever command ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from seeker_leads_cli.main import main

if TYPE_CHECKING:
    import pytest


def test_ctrl_c_ends_any_command_as_a_signal_ends_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with 130 and one line."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.commands["doctor"], "invoke", stop)
    ended = CliRunner().invoke(main, ["doctor"])
    assert ended.exit_code == 130
    assert ended.output == "Stopped by SIGINT; what was finished is kept\n"
