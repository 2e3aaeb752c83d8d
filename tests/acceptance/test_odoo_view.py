"""`examples/odoo_leads.sql` on real PostgreSQL: leads of Odoo 16 to 19 as columns that the target accepts."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from tests.pages import PROJECT

if TYPE_CHECKING:
    import psycopg

EXAMPLES = PROJECT / "examples"


@pytest.fixture(params=["16 to 18", "19"])
def odoo(request: pytest.FixtureRequest, database: psycopg.Connection) -> psycopg.Connection:
    """A database with the sample leads in the format of one Odoo version, and the view."""
    database.execute("DROP TABLE IF EXISTS crm_lead CASCADE")
    database.execute((EXAMPLES / "crm_lead.sql").read_bytes())
    if request.param == "19":
        database.execute("ALTER TABLE crm_lead DROP COLUMN mobile, DROP COLUMN title")
    database.execute((EXAMPLES / "odoo_leads.sql").read_bytes())
    return database


def seen(odoo: psycopg.Connection, **changes: Any) -> dict[str, Any] | None:
    """Return the view's row of the first lead after a change of its columns."""
    for name, value in changes.items():
        odoo.execute(f"UPDATE crm_lead SET {name} = %s WHERE id = 1".encode(), [value])  # noqa: S608  # our own names
    with odoo.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT * FROM crm_lead_to_send WHERE id = 1").fetchone()


def test_only_leads_that_are_not_archived_are_shown(odoo: psycopg.Connection) -> None:
    """Opportunities are already handled by sales, and an archived lead is lost or a duplicate."""
    assert [row[0] for row in odoo.execute("SELECT id FROM crm_lead_to_send ORDER BY id")] == [1, 2, 3]


def test_view_allows_changes_of_the_table(odoo: psycopg.Connection) -> None:
    """Odoo can drop, add and change the table's columns while the view exists."""
    odoo.execute("ALTER TABLE crm_lead DROP COLUMN probability, ADD COLUMN x_new text, ALTER COLUMN phone TYPE text")
    assert seen(odoo, phone="01 99 00 12 34")


@pytest.mark.parametrize(
    ("contact_name", "first_name", "last_name"),
    [
        ("Camille Laurent", "Camille", "Laurent"),
        ("  Camille\u00a0 Laurent\u202f", "Camille", "Laurent"),
        ("Laurent", None, "Laurent"),
        ("\u200bLaurent\ufeff", None, "Laurent"),
        ("Mme Laurent", None, "Laurent"),
        ("M. Laurent", None, "Laurent"),
        ("M.Laurent", None, "Laurent"),
        ("monsieur Louis Mercier", "Louis", "Mercier"),
        ("M. et Mme Mercier", None, "Mercier"),
        ("Dr. Anne Marie Fontaine", "Anne Marie", "Fontaine"),
        ("Claude de La Tour", "Claude", "de La Tour"),
        ("Ludwig van der Berg", "Ludwig", "van der Berg"),
        ("Maurice Dubois", "Maurice", "Dubois"),
        ("Chlo\u00e9 \u00c9lo\u00efse-Martin", "Chlo\u00e9", "\u00c9lo\u00efse-Martin"),
        ("Mme", None, None),
        (" \u00a0", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_name_is_split_without_titles_and_spaces(
    odoo: psycopg.Connection, contact_name: str | None, first_name: str | None, last_name: str | None
) -> None:
    """The last word is the last name, with its particle; titles and whitespace of any kind are not part of a name."""
    row = seen(odoo, contact_name=contact_name)
    assert row
    assert (row["first_name"], row["last_name"]) == (first_name, last_name)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("<p>Bonjour</p>", "Bonjour"),
        ("<p>Un</p><p>Deux</p>", "Un\nDeux"),
        ("<div>Un<br/>Deux<br>\n<span style='x'>Trois</span></div>", "Un\nDeux\nTrois"),
        ("<ul><li>Un</li>\n  <li>Deux</li></ul>", "Un\nDeux"),
        (
            "<p>l&#39;appartement &amp; le &lt;jardin&gt; &#xE0; 300&nbsp;000&euro;</p>",
            "l'appartement & le <jardin> \u00e0 300 000\u20ac",
        ),
        ("<p>&amp;lt; &unknown; & &#0; &#55296; &#9999999;</p>", "&lt; &unknown; &"),
        ("<style>p { color: red }</style><!-- a > b --><p>Texte</p><!-- c -->", "Texte"),
        ("<p>prix < 300</p>", "prix < 300"),
        ("Sans balise", "Sans balise"),
        *((empty, "Appartement Lyon 3") for empty in ("<p><br></p>", "<p>&nbsp;</p>", "<p>\ufeff</p>", "", " ", None)),
    ],
)
def test_description_is_text(odoo: psycopg.Connection, description: str | None, message: str) -> None:
    """Tags become lines, entities are decoded once; if no text is left, the subject becomes the message."""
    row = seen(odoo, description=description)
    assert row
    assert row["message"] == message


@pytest.mark.parametrize(
    ("email_from", "email"),
    [
        ("a@example.com", "a@example.com"),
        ('"Laurent, Camille" <camille@example.com>', "camille@example.com"),
        (None, None),
    ],
)
def test_address_is_extracted_from_the_sender(
    odoo: psycopg.Connection, email_from: str | None, email: str | None
) -> None:
    """The address is extracted from the sender of a lead that arrived by mail."""
    row = seen(odoo, email_from=email_from)
    assert row
    assert row["email"] == email


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf"]), max_size=30)


@given(TEXTS, TEXTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_view(odoo: psycopg.Connection, one: str, other: str) -> None:
    """Escaped text is restored exactly, and broken HTML does not affect other rows."""
    (text,) = odoo.execute(
        "SELECT crm_html_to_text(%s)", [f"<p>{html.escape(one)}</p><p title='{html.escape(other)}'>x</p>"]
    ).fetchone() or (None,)
    assert text == "\n".join(filter(None, [one, "x"]))
    assert odoo.execute("SELECT crm_html_to_text(%s)", [f"<{one}&#{other};&#x{one}; >{other}<"]).fetchone()


def test_sample_leads_are_shown_alike_by_all_versions(odoo: psycopg.Connection) -> None:
    """Titles, spaces and particles in the sample give the same names in both forms of the table."""
    rows = [list(row) for row in odoo.execute("SELECT id, first_name, last_name FROM crm_lead_to_send ORDER BY id")]
    assert json.loads(json.dumps(rows)) == [
        [1, "Camille", "Laurent"],
        [2, "Anne Marie", "de La Fontaine"],
        [3, None, None],
    ]
