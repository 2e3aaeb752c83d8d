from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.receiver.authentication import Auth, Call, Signature, claimed_signature, place_of_key

KEY, PREVIOUS = b"right-key-0123456789", b"previous-key-987654321"
KEYS = (KEY, PREVIOUS)
ANY = Auth.parse("any")
BODY = b'{"lead": 1}'


def call(*headers: tuple[str, str], query: str = "") -> Call:
    return Call((("Host", "example.org"), ("Accept", "*/*"), *headers), query)


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "ApiKey {}", "bearer {}", " {} ", "Bearer   {}"])
@pytest.mark.parametrize("header", ["X-Api-Key", "authorization", "X-Anything-Else"])
@pytest.mark.parametrize("key", [KEY, PREVIOUS])
def test_key_in_any_header_is_found(form: str, header: str, key: bytes) -> None:
    """The place of the key is not documented, so it is accepted in every header, bare or after a scheme."""
    assert place_of_key(call((header, form.format(key.decode()))), ANY, KEYS) == f"header:{header}"


def test_pinned_header_is_the_only_one() -> None:
    """With `header:NAME`, the key is accepted nowhere else; the name is case-insensitive."""
    auth = Auth.parse("header:X-Api-Key")
    assert place_of_key(call(("x-api-key", KEY.decode())), auth, KEYS) == "header:x-api-key"
    for other in ("Authorization", "X-Other"):
        assert place_of_key(call((other, KEY.decode()), query=f"key={KEY.decode()}"), auth, KEYS) is None
    assert claimed_signature(call(("X-Signature", "0" * 64)), auth) is None


@pytest.mark.parametrize("query", ["key=a%2Bb%2Fc", "x=1&key=a%2bb/c", "key=a+b/c", "key=wrong&key=a+b%2Fc"])
def test_key_in_the_query_is_found_however_it_is_encoded(query: str) -> None:
    """Different senders encode different characters."""
    for auth in (ANY, Auth.parse("query")):
        assert place_of_key(call(query=query), auth, (b"a+b/c",)) == "query"


@pytest.mark.parametrize("key", ["a%2Fb", "100%", "a+b"])
def test_key_that_looks_encoded_is_found_as_it_is(key: str) -> None:
    """A key may contain a percent sign, and not every sender encodes it."""
    assert place_of_key(call(query=f"key={key}"), ANY, (key.encode(),)) == "query"


@pytest.mark.parametrize("way", ["query", "signature"])
def test_other_places_are_refused(way: str) -> None:
    """With `query` or `signature`, a header that contains the key is not enough, and neither stands for the other."""
    auth = Auth.parse(way)
    in_header, in_query = call(("Authorization", KEY.decode())), call(query=f"key={KEY.decode()}")
    assert place_of_key(in_header, auth, KEYS) is None
    assert place_of_key(in_query, auth, KEYS) == ("query" if way == "query" else None)
    claimed = claimed_signature(call(("X-Signature", "0" * 64)), auth)
    assert claimed == ("0" * 64 if way == "signature" else None)


def test_first_place_of_the_key_is_named() -> None:
    """A sender may give the key twice; the log suggests the place that comes first, and a header before the query."""
    twice = call(("X-First", KEY.decode()), ("X-Second", PREVIOUS.decode()), query=f"key={KEY.decode()}")
    assert place_of_key(twice, ANY, KEYS) == "header:X-First"


@pytest.mark.parametrize(
    "wrong",
    [
        call(),
        call(("X-Api-Key", "")),
        call(("X-Api-Key", KEY.decode()[:-1])),
        call(("X-Api-Key", KEY.decode() + "0")),
        call(("X-Api-Key", KEY.decode().upper())),
        call(("X-Api-Key", "\udcff")),
        call(query="key="),
        call(query=f"other={KEY.decode()}"),
        call(query=f"api_key={KEY.decode()}"),
    ],
)
def test_wrong_keys_are_refused(wrong: Call) -> None:
    """A part of the key, a longer text, an empty value, or the key under another name is refused."""
    assert place_of_key(wrong, ANY, KEYS) is None


@given(st.lists(st.tuples(st.text(), st.text())), st.text())
def test_no_call_causes_an_error(headers: list[tuple[str, str]], query: str) -> None:
    """Any call without the key is refused, and none causes an error."""
    assert place_of_key(Call(headers, query), ANY, KEYS) is None
    claimed_signature(Call(headers, query), ANY)


def is_signed(claimed: str, *pieces: bytes, keys: tuple[bytes, ...] = KEYS) -> bool:
    signature = Signature(keys)
    for piece in pieces:
        signature.add(piece)
    return signature.is_(claimed)


@pytest.mark.parametrize("form", ["{}", "sha256={}"])
@pytest.mark.parametrize("key", [KEY, PREVIOUS])
def test_signature_of_the_body_is_accepted(form: str, key: bytes) -> None:
    """The signature is hexadecimal in any case, with the key or the previous one."""
    digest = hmac.new(key, BODY, "sha256").hexdigest()
    for text in (digest, digest.upper()):
        signed = call(("x-signature", form.format(text)))
        claimed = claimed_signature(signed, Auth.parse("signature"))
        assert claimed is not None
        assert claimed == claimed_signature(signed, ANY)
        assert is_signed(claimed, BODY)
        assert is_signed(claimed, BODY[:5], b"", BODY[5:])
        assert not is_signed(claimed, BODY, b" ")
        assert not is_signed(claimed, BODY, keys=(b"another key",))


@pytest.mark.parametrize("value", ["", "0" * 63, "g" * 64, KEY.decode(), "md5=" + "0" * 64])
def test_body_is_not_read_for_a_malformed_signature(value: str) -> None:
    """A body is read only if the call has a well-formed signature, once and in its own header."""
    assert claimed_signature(call(("X-Signature", value)), ANY) is None
    assert claimed_signature(call(("X-Signature", "0" * 64), ("X-Signature", "1" * 64)), ANY) is None
    for other in ("Signature", "X-Signature-256"):
        assert claimed_signature(call((other, "0" * 64)), ANY) is None


@pytest.mark.parametrize(
    "wrong", ["", "header", "header:", "header:two words", "bearer", "bearer:X", "query:X", "Any", "header:X\n"]
)
def test_unknown_way_is_named(wrong: str) -> None:
    """A mistake in `--auth` must not accept or refuse calls by accident."""
    with pytest.raises(SettingsError, match="`--auth` must be"):
        Auth.parse(wrong)
