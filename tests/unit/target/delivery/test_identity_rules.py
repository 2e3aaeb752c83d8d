"""What an identity depends on: the account, failures, `dedupe_by`; and what it does not depend on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.identity import Identifier, Identity
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.mapping.record_to_request import to_request
from target_seeker_leads.settings import DedupeBy, TargetSettings
from tests.singer_input import lead

CLIENT = {"client_id": "client", "client_secret": "s-1", "environment": "sandbox"}
SETTINGS = TargetSettings.from_config(CLIENT)
OF_TOKEN = TargetSettings.from_config({"auth_token": "t-1"})
IDENTIFIER = Identifier.of(SETTINGS)


def identify(
    identifier: Identifier, record: dict[str, Any], *keys: str, failure: Reason | None = None, **options: Any
) -> Identity:
    incoming = Incoming("leads", keys, record, Source("leads", keys, record, is_replay=False), failure)
    return identifier.identify(incoming, to_request(record).request, can_be_sent=failure is None, **options)


def key_under(settings: dict[str, Any]) -> str:
    return identify(Identifier.of(TargetSettings.from_config(settings)), lead(1)).key


def test_account_is_part_of_the_identity() -> None:
    """A lead that was sent for another client, intermediary or environment is new; a new secret changes nothing."""
    known = key_under(CLIENT)
    for change in ({"client_id": "other"}, {"intermediary_id": "agency"}, {"environment": "production"}):
        assert key_under({**CLIENT, **change}) != known, change
    assert key_under({**CLIENT, "client_secret": "s-2"}) == known


def test_all_tokens_of_an_environment_are_one_account() -> None:
    """A token does not tell whose it is, and it changes: leads must not become new with it."""
    assert key_under({"auth_token": "t-1"}) == key_under({"auth_token": "t-2"}) != key_under(CLIENT)


def test_account_of_a_record_may_differ_from_the_settings() -> None:
    """With several accounts, each has its own identifier, with the defaults and `dedupe_by` of all."""
    settings = TargetSettings.from_config({**CLIENT, "dedupe_by": "content", "defaults": {"language": "FR"}})
    assert Identifier.of(settings) == Identifier.of(settings, settings.connection)
    other = Identifier.of(settings, OF_TOKEN.connection)
    assert other == replace(Identifier.of(settings), destination=Identifier.of(OF_TOKEN).destination)
    assert (dict(other.defaults), other.dedupe_by) == ({"language": "FR"}, DedupeBy.CONTENT)


def test_record_for_nobody_is_another_than_for_the_token() -> None:
    """A reject for no account must not hide the record once its account is corrected. The form is a promise."""
    nobody = Identifier.without_account(OF_TOKEN)
    assert nobody.destination == (OF_TOKEN.connection.api_url, None, None, "nobody")
    assert nobody == replace(Identifier.of(OF_TOKEN), destination=nobody.destination)
    assert identify(nobody, lead(1)).key != identify(Identifier.of(OF_TOKEN), lead(1)).key


def test_failure_is_part_of_the_content_by_its_rule() -> None:
    """The same failure again is nothing new; another one, or none, is a change, and the key stays."""
    failures = [None, Reason(None, "it broke", "fix it"), Reason(None, "it broke", "ask"), Reason(None, "other", "fix")]
    found = [identify(IDENTIFIER, lead(1), "id", failure=failure) for failure in failures]
    assert len({each.key for each in found}) == 1
    assert found[1].content == found[2].content
    assert len({each.content for each in found}) == 3


def test_defaults_are_part_of_the_content_but_not_of_the_key() -> None:
    """They are sent, so they are content; but a new default must not make delivered leads new."""
    with_default = replace(IDENTIFIER, defaults={"language": "FR"})
    one, other = (identify(each, lead(1)) for each in (IDENTIFIER, with_default))
    assert one.key == other.key
    assert one.content != other.content
    assert one.content == identify(IDENTIFIER, lead(1), "id").content


@pytest.mark.parametrize("dedupe_by", DedupeBy)
def test_run_without_a_ledger_needs_only_the_key(dedupe_by: DedupeBy) -> None:
    """It remembers nothing, so it computes neither content nor fingerprint, nor the keys of earlier versions."""
    identifier = replace(IDENTIFIER, dedupe_by=dedupe_by)
    record = lead(1, id="7.0", mobile="612345678.0")
    found, full = (identify(identifier, record, "id", with_history=with_history) for with_history in (False, True))
    assert (found.content, found.earlier_keys, found.fingerprint) == ("", (), "")
    assert all((full.content, full.fingerprint))
    assert bool(full.earlier_keys) is (dedupe_by is not DedupeBy.NONE)
    if dedupe_by is not DedupeBy.NONE:
        assert found.key == full.key


def test_fingerprint_is_that_of_the_full_request() -> None:
    """A text that only the defaults give counts: the API returns it with the lead."""
    record = lead(1, classified_id=None)
    listed = replace(IDENTIFIER, defaults={"classifiedId": "26ABCDEFGHJK"})
    assert identify(listed, record).fingerprint == identify(IDENTIFIER, lead(1)).fingerprint
    assert identify(IDENTIFIER, record).fingerprint != identify(IDENTIFIER, lead(1)).fingerprint


def test_content_alone_ignores_every_key() -> None:
    """With `dedupe_by: content`, neither a key nor a column that looks like one distinguishes two records."""
    by_content = replace(IDENTIFIER, dedupe_by=DedupeBy.CONTENT)
    records = (lead(1, id=1), lead(1, id=2), lead(1, id=None, ID=3))
    assert len({identify(by_content, record, "id").key for record in records}) == 1


def test_key_property_of_signs_alone_resembles_no_column() -> None:
    """Names are compared by letters and digits. One that has none would resemble every other such name."""
    one, other = (identify(IDENTIFIER, lead(1, id=None, **{"-": number}), "#") for number in (1, 2))
    assert one.missing_key_properties == ("#",)
    assert one.key == other.key
