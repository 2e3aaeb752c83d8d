"""Values that must never be shown: an account whose secrets are known to the tests."""

from __future__ import annotations

from seeker_leads_sandbox import SandboxOptions

CLIENT_ID = "id-of-the-agency"
SECRET = "s3cret-of-the-client"
TOKEN = "t0ken-given-by-the-user"
PASSWORD = "p4ssword-of-the-ledger"
OPTIONS = SandboxOptions(leads=120, days=5, enforce_limit=False, client_id=CLIENT_ID, client_secret=SECRET, token=TOKEN)
