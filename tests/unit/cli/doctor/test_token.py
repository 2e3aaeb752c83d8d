from __future__ import annotations

import base64

import pytest

from seeker_leads_cli.doctor.token import _auth_token


@pytest.mark.parametrize("end", ["1e999", "-1e999", "NaN", "1e300", "true", "null", "-5", "1" * 400])
def test_end_of_a_token_that_is_not_an_instant_is_not_shown(end: str) -> None:
    """Whatever number a JWT contains as its end, the doctor says one line."""
    payload = base64.urlsafe_b64encode(f'{{"exp": {end}}}'.encode()).decode().rstrip("=")
    check = _auth_token(f"a.{payload}.c", 1e9)
    assert (check.is_ok, check.says) == (True, "from `auth_token`; it does not show when it expires")
