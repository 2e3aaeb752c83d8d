from __future__ import annotations

import sys

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.keys import KEY_VARIABLE, PREVIOUS_KEY_VARIABLE, WebhookKeys, without_keys
from seeker_leads_webhooks.settings import parse_command


def test_keys_come_from_the_environment() -> None:
    """An empty variable, as Meltano and Compose often set it, counts as not set."""
    assert WebhookKeys.from_environment({KEY_VARIABLE: "now", PREVIOUS_KEY_VARIABLE: ""}).accepted == (b"now",)
    both = WebhookKeys.from_environment({KEY_VARIABLE: "now", PREVIOUS_KEY_VARIABLE: "before"})
    assert both.accepted == (b"now", b"before")
    assert "now" not in repr(both)
    assert "before" not in repr(both)


def test_names_of_the_variables_are_promises() -> None:
    """Deployments set them, so a name never changes."""
    variables = {"SEEKER_LEADS_WEBHOOK_API_KEY": "now", "SEEKER_LEADS_WEBHOOK_PREVIOUS_API_KEY": "before"}
    assert WebhookKeys.from_environment(variables).accepted == (b"now", b"before")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, KEY_VARIABLE),
        ({KEY_VARIABLE: ""}, KEY_VARIABLE),
        ({KEY_VARIABLE: "two words"}, KEY_VARIABLE),
        ({KEY_VARIABLE: "now", PREVIOUS_KEY_VARIABLE: "kéy"}, PREVIOUS_KEY_VARIABLE),
    ],
)
def test_missing_or_unfit_key_is_named_not_shown(variables: dict[str, str], named: str) -> None:
    """Without a key, anybody could call; the message contains only the variable's name."""
    with pytest.raises(SettingsError, match=named) as caught:
        WebhookKeys.from_environment(variables)
    assert not any(value and value in str(caught.value) for value in variables.values())


def test_child_gets_no_key() -> None:
    """The pipeline does not need the keys, and its plugins may log their environment."""
    assert without_keys({KEY_VARIABLE: "a", PREVIOUS_KEY_VARIABLE: "b", "PATH": "c"}) == {"PATH": "c"}


def test_command_is_split_and_not_run_by_a_shell() -> None:
    """Quotation marks group words; variables and patterns are not expanded."""
    assert parse_command(f"{sys.executable} -c 'print(1)' '$HOME' *") == (
        sys.executable,
        "-c",
        "print(1)",
        "$HOME",
        "*",
    )


@pytest.mark.parametrize(
    ("wrong", "words"), [("", "is empty"), ("a 'b", "quotation mark"), ("no-such-program-here x", "is not found")]
)
def test_command_that_cannot_run_is_refused_at_once(wrong: str, words: str) -> None:
    """The error is reported at the start, not with the first call."""
    with pytest.raises(SettingsError, match=words):
        parse_command(wrong)
