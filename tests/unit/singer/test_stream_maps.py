"""Stream maps that match nothing, or lack a requirement, are wrong settings."""

from __future__ import annotations

from typing import Any

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer import stream_maps
from tap_seeker_leads.tap import TapSeekerLeads

CONFIG = {"auth_token": "none"}


@pytest.mark.parametrize(
    ("maps", "named"),
    [
        ({"lead": {"portal": None}}, ["`lead`", "leads"]),
        ({"contacts": {"__source__": "lead"}}, ["`lead`", "leads"]),
        ({"lead*s*": {}, "x*": {}}, ["`x*`"]),
        ({"lead": None}, ["`lead`"]),
        ({"leads": {"contactRequests": None}}, ["`contactRequests`", "contactRequest, "]),
        ({"leads": {"contactRequests": "__NULL__"}}, ["`contactRequests`"]),
        ({"leads": {"email": None, "__else__": None}}, ["`email`"]),
        ({"leads": {"contactRequest__email": None}}, ["`contactRequest__email`", "flattening", "`contactRequest`"]),
        ({"leads": {"contactRequest__email": "'x'"}}, ["`contactRequest__email`", "flattening"]),
        ({"other": {"__source__": "leads", "Portal": None}}, ["`Portal`"]),
    ],
)
def test_map_that_matches_nothing_is_refused(maps: dict[str, Any], named: list[str]) -> None:
    """A map that would have no effect, so that unwanted data is written, is reported with the existing names."""
    with pytest.raises(SettingsError) as caught:
        TapSeekerLeads(config={**CONFIG, "stream_maps": maps})
    assert all(word in str(caught.value) for word in named)


@pytest.mark.parametrize(
    "maps",
    [
        {"leads": {"contactRequest": None}},
        {"l*": {"leadId": "leadId", "portal": "__NULL__", "__else__": None}},
        {"leads": {"email": "record['contactRequest']['email']"}},
        {"people": {"__source__": "leads", "property": None}},
        {"leads": {"__alias__": "contacts"}},
        {"__else__": None, "leads": {}},
        {"leads": None},
        {},
    ],
)
def test_map_that_matches_passes(maps: dict[str, Any]) -> None:
    """Exact names, patterns, sources, aliases, new columns and removed streams are accepted."""
    TapSeekerLeads(config={**CONFIG, "stream_maps": maps})


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"flattening_enabled": True}, "`flattening_max_depth`"),
        ({"flattening_enabled": True, "flattening_max_depth": 2, "flattening_max_key_length": 1}, "flattening"),
    ],
)
def test_flattening_that_cannot_work_is_named(config: dict[str, Any], named: str) -> None:
    """Flattening without a depth, or with names too short to be unique, is a wrong setting."""
    with pytest.raises(SettingsError, match=named):
        TapSeekerLeads(config={**CONFIG, **config})


def test_fake_without_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """`fake` needs an optional package: the error names its extra, before any record fails."""
    config = {"stream_maps": {"leads": {"name": "fake.name()"}}}
    stream_maps.refuse_unusable(config)
    monkeypatch.setattr(stream_maps, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"singer-seeker-leads\[faker\]"):
        stream_maps.refuse_unusable(config)
    stream_maps.refuse_unusable({"stream_maps": {"leads": {"fake": "1"}}})


@pytest.mark.parametrize("name", ["batch_config", "emit_activate_version_messages"])
def test_harmful_setting_is_refused(name: str) -> None:
    """Settings that expose data to others, or delete rows before the API has answered, are refused."""
    with pytest.raises(SettingsError, match=f"`{name}`"):
        TapSeekerLeads(config={**CONFIG, name: True})
