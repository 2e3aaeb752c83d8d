from __future__ import annotations

from seeker_leads_sandbox.api.token_issuer import TokenIssuer, TokenState


def issuer() -> TokenIssuer:
    return TokenIssuer(static_token="static", lifetime_seconds=100, seed=1)


def test_a_token_is_valid_for_its_lifetime() -> None:
    """An issued token is valid until its lifetime ends; the static one does not expire."""
    tokens = issuer()
    token = tokens.issue(now=1000.0)

    assert tokens.state(token, 1099.9) is TokenState.LIVE
    assert tokens.state(token, 1100.0) is TokenState.DEAD
    assert tokens.state("static", 1e12) is TokenState.LIVE
    assert tokens.state("made up", 1000.0) is TokenState.DEAD


def test_tokens_differ_and_look_like_jwts() -> None:
    """Each token is new and has three parts."""
    tokens = issuer()
    issued = [tokens.issue(0.0) for _ in range(3)]

    assert len(set(issued)) == 3
    assert all(token.count(".") == 2 for token in issued)
    assert tokens.issued == issued


def test_revoking_does_not_affect_later_tokens() -> None:
    """A revocation revokes all earlier tokens, and later ones are valid."""
    tokens = issuer()
    old = tokens.issue(0.0)

    tokens.revoke_all()

    assert tokens.state(old, 1.0) is TokenState.DEAD
    assert tokens.state("static", 1.0) is TokenState.DEAD
    assert tokens.state(tokens.issue(0.0), 1.0) is TokenState.LIVE


def test_a_scope_granted_later_needs_a_new_token() -> None:
    """An earlier token keeps lacking the scope; a new one has it."""
    tokens = issuer()
    old = tokens.issue(0.0)

    tokens.take_scope("leads:read")

    assert tokens.state(old, 1.0) is TokenState.LACKS_SCOPE
    assert tokens.missing_scope(old) == "leads:read"
    assert tokens.state(tokens.issue(0.0), 1.0) is TokenState.LIVE
