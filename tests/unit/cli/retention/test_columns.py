"""How columns are identified by name and type."""

from __future__ import annotations

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.retention.columns import Column, LeadColumns, read_columns, refuse_unnullable
from tap_seeker_leads.leads.schema import leads_schema

INSTANT = "timestamp without time zone"
NEEDED = [Column("leadId", "text", may_be_null=False), Column("ingestionDate", INSTANT), Column("ttl", INSTANT)]


def read(*more: Column) -> LeadColumns:
    return read_columns("s.leads", [*NEEDED, *more])


def personal(*names: str, kind: str = "text") -> list[str]:
    return [each.name for each in read(*(Column(name, kind) for name in names)).personal]


def test_every_column_of_the_tap_is_known() -> None:
    """Each column of the tap is recognised, nested or flattened, and personal data is found."""
    names = [name for name in leads_schema()["properties"] if name not in {each.name for each in NEEDED}]
    kinds = {"contactRequest": "jsonb", "callDetails": "jsonb", "extra": "jsonb", "isErased": "boolean"}
    found = read(*(Column(name, kinds.get(name, "text")) for name in names), Column("_sdc_sequence", "bigint"))
    assert found.unknown == ()
    assert {each.name for each in found.personal} == {"contactRequest", "extra"}
    assert found.call == Column("callDetails", "jsonb")
    flattened = [
        f"{parent}__{child}"
        for parent in ("contactRequest", "callDetails", "property", "project")
        for child in leads_schema()["properties"][parent]["properties"]
    ]
    contact = [name for name in flattened if name.startswith("contactRequest")]
    assert len(contact) >= 8
    assert personal(*flattened) == [*contact, "callDetails__seekerPhoneNumber"]
    assert read(*(Column(name, "text") for name in flattened)).unknown == ()


@pytest.mark.parametrize(
    "name", ["contact_request", "CONTACTREQUEST", "contactRequest__email", "contact_request__first_name", "extra__new"]
)
def test_names_may_differ_in_case_and_underscores(name: str) -> None:
    """Loaders change case and underscores; a name that begins like the contact's is personal."""
    assert personal(name) == [name]


@pytest.mark.parametrize("name", ["email_hash", "extras", "notes", "contact"])
def test_columns_of_others_are_left_alone(name: str) -> None:
    """Other columns are listed, since a stream map may have put data there."""
    found = read(Column(name, "text"))
    assert (found.unknown, found.personal) == ((name,), ())


@pytest.mark.parametrize("text", ["text", "character varying", "character"])
@pytest.mark.parametrize("instant", [INSTANT, "timestamp with time zone"])
def test_loaders_may_choose_among_equal_types(text: str, instant: str) -> None:
    """A text may have a length, and an instant a time zone; without one, it is in UTC."""
    columns = [Column("leadId", text), Column("ingestionDate", instant), Column("ttl", instant)]
    more = [Column("_sdc_extracted_at", instant), Column("account", text), Column("isErased", "boolean")]
    found = read_columns("s.leads", [*columns, *more])
    assert [found.lead_id, found.ingestion_date, found.ttl] == columns
    assert [found.extracted_at, found.account, found.is_erased] == more
    assert found.unknown == ()
    assert found.ttl.is_in_utc is (instant == INSTANT)


def test_table_may_lack_what_older_catalogs_lack() -> None:
    """Only the id, the date and the `ttl` are needed."""
    found = read()
    assert (found.account, found.is_erased, found.extracted_at, found.call) == (None, None, None, None)
    assert (found.personal, found.unknown) == ((), ())


@pytest.mark.parametrize("kind", ["jsonb", "json"])
def test_form_of_a_table_is_that_of_its_personal_data(kind: str) -> None:
    """It has JSON columns as soon as one of them is JSON, even if others are texts."""
    contact = Column("contactRequest", kind)
    assert read(contact).form == read(contact, Column("extra", "text")).form == "JSON columns"
    assert read(Column("contactRequest__email", "text")).form == "flattened columns"
    assert read(Column("callDetails", kind)).call == Column("callDetails", kind)


def test_call_in_a_text_goes_as_a_whole() -> None:
    """A member of a text cannot be removed safely, so the whole value becomes null."""
    found = read(Column("callDetails", "text"))
    assert (found.call, [each.name for each in found.personal]) == (None, ["callDetails"])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ([], "s.leads has no column leadId: it is not a table of leads"),
        (NEEDED[:2], "s.leads has no column ttl"),
        ([*NEEDED, Column("lead_id", "text")], "leadId and lead_id"),
        ([*NEEDED, Column("callDetails", "json"), Column("call_details", "text")], "callDetails and call_details"),
        ([*NEEDED[:2], Column("ttl", "bigint")], "the column ttl is bigint, and must be timestamp"),
        ([*NEEDED, Column("account", "integer")], "the column account is integer, and must be text or character"),
        ([*NEEDED, Column("isErased", "text")], "the column isErased is text, and must be boolean"),
    ],
)
def test_what_is_not_a_table_of_leads_is_named(columns: list[Column], words: str) -> None:
    """The error names the column."""
    with pytest.raises(SettingsError, match=words):
        read_columns("s.leads", columns)


def test_column_that_must_not_be_null_is_named() -> None:
    """The error comes before any change."""
    with pytest.raises(SettingsError, match="contactRequest is NOT NULL"):
        refuse_unnullable("s.leads", read(Column("contactRequest", "jsonb", may_be_null=False)))


def test_column_may_be_null_unless_the_server_says_otherwise() -> None:
    """Only personal data becomes null, so other columns may be NOT NULL."""
    refuse_unnullable("s.leads", read(Column("contactRequest", "jsonb"), Column("portal", "text", may_be_null=False)))
