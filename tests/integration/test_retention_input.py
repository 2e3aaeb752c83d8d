"""`seeker-leads retention`: a table or option that cannot work is named in one line, and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from tests.leads_table import JSON_COLUMNS, SCHEMA, LeadsTable

if TYPE_CHECKING:
    import psycopg

PASSWORD = "s3cret-pass"


@pytest.fixture
def leads(empty_database: psycopg.Connection[Any], database_url: str) -> LeadsTable:
    """A table with rows to delete and rows to erase."""
    table = LeadsTable(empty_database, database_url)
    table.fill()
    return table


@pytest.mark.parametrize("command", ["apply", "report"])
@pytest.mark.parametrize(
    ("change", "table", "words"),
    [
        ("ALTER TABLE {s}.leads DROP ttl", "leads", "has no column ttl"),
        ("ALTER TABLE {s}.leads ALTER ttl TYPE text", "leads", "the column ttl is text, and must be timestamp"),
        ("ALTER TABLE {s}.leads ADD t_t_l timestamp", "leads", "ttl and t_t_l"),
        ('ALTER TABLE {s}.leads DROP "leadId"', "leads", "has no column leadId: it is not a table of leads"),
        ('ALTER TABLE {s}.leads DROP "ingestionDate"', "leads", "it is not a table of leads"),
        ("CREATE VIEW {s}.shown AS SELECT * FROM {s}.leads", "shown", "is a view: name the table"),
        ("CREATE MATERIALIZED VIEW {s}.kept AS SELECT * FROM {s}.leads", "kept", "is a materialized view"),
        ("CREATE SEQUENCE {s}.numbers", "numbers", "is not a table"),
        ("SELECT 1", "nothing", "does not exist"),
        ("CREATE TABLE {s}.orders (id int, ttl timestamp)", "orders", "it is not a table of leads"),
        ("CREATE TABLE {s}.seeker_leads_erasure_log (id int)", "leads", "is not the evidence of this command"),
        ('ALTER TABLE {s}.leads ALTER "contactRequest" SET NOT NULL', "leads", "`--erased delete`"),
    ],
)
def test_table_of_another_kind_is_named(leads: LeadsTable, command: str, change: str, table: str, words: str) -> None:
    """There is one line, the status is 2, and nothing is changed."""
    leads.database.execute(change.format(s=SCHEMA).encode())
    before = leads.database.execute("SELECT t::text FROM retention.leads t ORDER BY 1").fetchall()
    ended = leads.run(command, "--table", f"{SCHEMA}.{table}", status=2)
    assert words in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith(("retention.", "`table`"))
    assert ended.stdout == ""
    assert leads.database.execute("SELECT t::text FROM retention.leads t ORDER BY 1").fetchall() == before


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["--database-url", ""], "`database_url` is not set", 2),
        (["--database-url", PASSWORD], "is not a database URL", 2),
        (["--database-url", f"mysql://u:{PASSWORD}@host/db"], "mysql is not supported", 2),
        (["--database-url", "sqlite:///leads.db"], "sqlite is not supported", 2),
        (["--database-url", f"postgresql://u:{PASSWORD}@127.0.0.1:1/db"], "could not be reached", 1),
        (
            ["--database-url", f"postgresql://u:{PASSWORD}@127.0.0.1:1/db?{PASSWORD}=1"],
            "does not know one of its parts",
            2,
        ),
        (["--table", "a.b.c"], "`table`: write schema.table", 2),
        (["--table", 'a."b'], "`table`: write schema.table", 2),
        (["--refresh-days", "-1"], "--refresh-days", 2),
        (["--erased", "burn"], "--erased", 2),
        (["--verify"], "auth_token", 2),
    ],
)
def test_wrong_option_is_named(
    leads: LeadsTable, arguments: list[str], words: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value is not shown if it may be a password."""
    for name in ("AUTH_TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"TAP_SEEKER_LEADS_{name}", "")
    before = leads.rows
    ended = CliRunner().invoke(
        main, ["retention", "apply", "--database-url", leads.url, "--table", "retention.leads", *arguments]
    )
    assert ended.exit_code == status, ended.output
    assert words in ended.stderr
    assert PASSWORD not in ended.output
    assert "Traceback" not in ended.output
    assert leads.rows == before


def test_user_who_may_only_read_changes_nothing(leads: LeadsTable) -> None:
    """The line names the missing privilege; a report and a dry run need only to read."""
    leads.database.execute("DROP ROLE IF EXISTS reader")
    leads.database.execute("CREATE ROLE reader LOGIN")
    try:
        leads.database.execute("GRANT USAGE ON SCHEMA retention TO reader")
        leads.database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA retention TO reader")
        before = leads.rows
        reader = LeadsTable.__new__(LeadsTable)
        reader.__dict__.update({**leads.__dict__, "url": leads.url.replace("postgres:@", "reader:@")})
        assert "the right to change its rows" in reader.run("apply", status=1).stderr
        reader.run("apply", "--dry-run")
        reader.run("report")
        assert leads.rows == before
    finally:
        leads.database.execute("DROP OWNED BY reader")
        leads.database.execute("DROP ROLE reader")


def test_columns_are_named_before_any_change(leads: LeadsTable) -> None:
    """Columns that become null and foreign ones are listed on stderr; a missing isErased is reported and skipped."""
    leads.database.execute('ALTER TABLE retention.leads ADD email_hash text, DROP "isErased"')
    leads.database.execute("ALTER TABLE retention.leads DROP _sdc_extracted_at")
    ended = leads.run("apply")
    assert "retention.leads: a table of leads with JSON columns" in ended.stderr
    assert "contactRequest, extra, callDetails.seekerPhoneNumber" in ended.stderr
    assert "left as they are: email_hash" in ended.stderr
    assert "no column isErased" in ended.stderr
    assert "cannot be found" in ended.stderr
    assert leads.log == {"over": "ttl"}


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_names_and_urls_of_any_form_work(
    empty_database: psycopg.Connection[Any], database_url: str, scheme: str
) -> None:
    """Identifiers are quoted: dots, quotation marks, colons and percent signs have no special meaning."""
    odd = 'le.a"d:s %s'
    columns = {"lead_id": "text", "ingestion_date": "timestamptz", "TTL": "timestamptz", "contact_request": "json"}
    more = {"is_erased": "boolean", 'contactRequest__"%(x)s :y': "text", "callDetails": "json"}
    table = LeadsTable(empty_database, database_url.replace("postgresql", scheme, 1))
    table.create(odd, {**columns, **more})
    empty_database.execute(
        """INSERT INTO retention."le.a""d:s %s" SELECT 'l' || i, now(), now() + '1 h', '{"lastName": "x"}', i = 1, 'x',
           '{"seekerPhoneNumber": "1", "status": "y"}' FROM generate_series(1, 9) i"""
    )
    table.run("apply", "--table", 'retention."le.a""d:s %s"')
    rows = empty_database.execute('SELECT t::text FROM retention."le.a""d:s %s" t WHERE lead_id = \'l1\'').fetchall()
    assert '"x"' not in rows[0][0]
    assert "seekerPhoneNumber" in rows[0][0]
    assert table.log == {"l1": "erased"}


def test_leads_of_several_accounts_are_told_apart(empty_database: psycopg.Connection[Any], database_url: str) -> None:
    """If the key is account and lead, an erasure in one account does not affect another."""
    columns = {"account": "text", **LeadsTable(empty_database, database_url).columns}
    table = LeadsTable(empty_database, database_url, columns)
    table.add(*(f"stays-{number}" for number in range(10)), account="paris")
    table.add("same", account="paris", isErased=True)
    table.add("same", account="lyon")
    table.run("apply")
    lines = empty_database.execute("SELECT account, lead_id FROM retention.seeker_leads_erasure_log").fetchall()
    assert lines == [("paris", "same")]
    left = empty_database.execute(
        'SELECT account FROM retention.leads WHERE "leadId" = \'same\' AND "contactRequest" IS NOT NULL'
    ).fetchall()
    assert left == [("lyon",)]
    assert "contactRequest" in JSON_COLUMNS
