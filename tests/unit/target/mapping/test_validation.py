from __future__ import annotations

import calendar
import re
import string
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api import contract
from target_seeker_leads.mapping.validation import violations
from tests import complete_lead

if TYPE_CHECKING:
    from collections.abc import Callable

_PHONE_RULE = "must be 7 to 22 digits, spaces and ()/.-, with a digit at the end and a + only in front"
_LISTING_RULE = "must be two digits, then ten of the characters 1-9, A-N and P-Z"

LEAD: dict[str, Any] = {
    **complete_lead.LEAD,
    "phoneNumbers": [{"number": "+33 (6) 12/34.56-78", "type": "MOBILE"}, {"number": "0123456"}],
    "message": "",
}
REQUIRED = ("lastName", "email", "phoneNumbers", "message", "classifiedId", "submittedDate")
GENDERS = ("MALE", "FEMALE", "OTHER", "PREFER_NOT_TO_DISCLOSE")
LANGUAGES = ("DE", "EN", "ES", "FR", "HE", "IT", "NL", "PT", "RU")


def broken(request: dict[str, Any]) -> list[tuple[str, str]]:
    return [(violation.field, violation.rule) for violation in violations(request)]


def test_a_good_lead_breaks_no_rule() -> None:
    """A valid lead passes, with all fields or only the required ones, in any kind of mapping."""
    assert violations(LEAD) == ()
    assert violations({name: LEAD[name] for name in REQUIRED}) == ()
    assert violations(MappingProxyType(LEAD)) == ()


def test_all_violations_come_at_once_in_the_order_of_fields() -> None:
    """All broken rules are reported together, each with its path, rule and cure."""
    request = {
        **LEAD,
        "email": "no mail",
        "firstName": "x" * 101,
        "gender": "F",
        "phoneNumbers": [{"number": "12", "type": "FAX"}, "0612345678", {}],
    }
    del request["lastName"]
    assert broken(request) == [
        ("email", "must be a valid e-mail address"),
        ("firstName", "must have at most 100 characters"),
        ("gender", "must be one of MALE, FEMALE, OTHER, PREFER_NOT_TO_DISCLOSE"),
        ("lastName", "is required"),
        ("phoneNumbers[0].number", _PHONE_RULE),
        ("phoneNumbers[0].type", "must be one of MOBILE, LANDLINE"),
        ("phoneNumbers[1]", "must be an object"),
        ("phoneNumbers[2].number", "is required"),
    ]


def patterns_in(schema: Any) -> list[dict[str, Any]]:
    """Return each part of a schema that has a pattern."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    found = [part for each in inner for part in patterns_in(each)]
    return [schema, *found] if isinstance(schema, dict) and isinstance(schema.get("pattern"), str) else found


def test_every_pattern_has_its_words() -> None:
    """No reason is a regular expression: where the contract has one, it says the same in words beside it."""
    parts = patterns_in(contract.load_openapi()["components"]["schemas"])
    assert len(parts) > 1
    for part in parts:
        assert re.fullmatch(r"must [^\\^$\[\]{}|]+", part["x-rule"])


def test_each_missing_field_is_a_violation_of_its_own() -> None:
    """An empty request names every required field."""
    assert broken({}) == [(name, "is required") for name in sorted(REQUIRED)]


@pytest.mark.parametrize("field", contract.schema("CreateLeadRequest")["properties"])
@pytest.mark.parametrize("value", [[{"number": "", "type": ""}, 5], {}, "\ud800"], ids=["list", "object", "surrogate"])
def test_every_field_of_the_contract_has_its_cure(field: str, value: object) -> None:
    """No field of the contract gets only the general cure, whichever of its rules is broken."""
    cures = [violation.cure for violation in violations({**LEAD, field: value})]
    assert cures
    assert not [cure for cure in cures if cure.startswith("Fix the value in the source") or cure.endswith(".")]


def test_missing_message_and_date_point_to_the_defaults() -> None:
    """A field that a source may not have at all has another cure than a wrong one."""
    assert [v.field for v in violations({**LEAD, "message": 5}) if "setting defaults" in v.cure] == []
    assert [v.field for v in violations({}) if "setting defaults" in v.cure] == ["message", "submittedDate"]


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("gender", None, "must be text"),
        ("gender", True, "must be text"),
        ("phoneNumbers", [], "must have at least 1 item(s)"),
        ("phoneNumbers", "0612345678", "must be a list"),
        ("lastName", "", "must have at least 1 character(s)"),
        ("message", "\ud83d", "must be text that UTF-8 can encode"),
        ("classifiedId", "26ABCDEFGHJK\n", _LISTING_RULE),
        ("classifiedId", "26ABCDEFGHJO", _LISTING_RULE),
        ("submittedDate", "2026-02-30T08:00:00Z", "must be a valid date-time (RFC 3339)"),
    ],
)
def test_one_wrong_value_is_one_violation(field: str, value: object, rule: str) -> None:
    """Patterns match to the very end, nulls are values, and one mistake breaks one rule."""
    assert broken({**LEAD, field: value}) == [(field, rule)]


GOOD_ADDRESSES = [
    "a@b",
    "a.b+c@d-e.example.org",
    "zo\u00e9@\u00e9cole.fr",
    "x" * 64 + "@b.fr",
    "'o@b.fr",
    "a@b.\u0c2d\u0c3e",
]
BAD_ADDRESSES = [
    *("", "a", "@", "a@", "@b.fr", "a@b@c.fr", "a@b..fr", "a@.fr", "a@b.", "x" * 65 + "@b.fr", "a b@c.fr", "a@b .fr"),
    *("a@b.fr\n", "\ta@b.fr", "a\x00@b.fr", "a\u00a0@b.fr", "a@b\u2028.fr", "a@b\x9f.fr", "a@b.fr,c", "Zo <a@b.fr>"),
]


@pytest.mark.parametrize(("address", "fits"), [(x, True) for x in GOOD_ADDRESSES] + [(x, False) for x in BAD_ADDRESSES])
def test_addresses(address: str, fits: bool) -> None:  # noqa: FBT001  # a column of the table
    """An address is one local part and a domain of labels, in any script, without blanks or control characters."""
    assert (not broken({**LEAD, "email": address})) is fits


GOOD_DATES = [
    *(
        "2026-11-23T08:00:00Z",
        "2026-11-23t08:00:00.123456789z",
        "2024-02-29T23:59:59+23:59",
        "0001-01-01T00:00:00-00:00",
    ),
]
BAD_DATES = [
    *("2026-11-23", "2026-11-23T08:00:00", "2026-11-23 08:00:00Z", "2026-11-23T08:00Z", "2026-11-23T08:00:00.Z"),
    *("2026-02-29T08:00:00Z", "2026-13-01T08:00:00Z", "2026-11-23T24:00:00Z", "2026-12-31T23:59:60Z", "now"),
    *("2026-11-23T08:00:00+24:00", "2026-11-23T08:00:00+0100", "2026-11-23T08:00:00Z\n", "\u0662026-11-23T08:00:00Z"),
]


@pytest.mark.parametrize(("text", "fits"), [(x, True) for x in GOOD_DATES] + [(x, False) for x in BAD_DATES])
def test_date_times(text: str, fits: bool) -> None:  # noqa: FBT001  # a column of the table
    """A date-time is strict RFC 3339, and its day and time exist."""
    assert (not broken({**LEAD, "submittedDate": text})) is fits


# The rules of API.md implemented a second time, without patterns and JSON Schema.


def is_text(value: object) -> bool:
    return isinstance(value, str) and not any(unicodedata.category(char) == "Cs" for char in value)


def is_number(value: Any) -> bool:
    if not is_text(value):
        return False
    rest = value.removeprefix("+")
    return 7 <= len(rest) <= 22 and set(rest) <= set(string.digits + "() /.-") and rest[-1] in string.digits


def is_phone(value: object) -> bool:
    if not isinstance(value, dict) or not is_number(value.get("number")):
        return False
    return "type" not in value or value["type"] in ("MOBILE", "LANDLINE")


def is_address(value: Any) -> bool:
    if not is_text(value) or value.count("@") != 1:
        return False
    if any(char.isspace() or unicodedata.category(char) == "Cc" for char in value):
        return False
    local, domain = value.split("@")
    allowed = string.ascii_letters + string.digits + "-"
    labels_fit = all(label and all(c in allowed or not c.isascii() for c in label) for label in domain.split("."))
    return 1 <= len(local) <= 64 and labels_fit


def is_listing(value: Any) -> bool:
    if not is_text(value) or len(value) != 12:
        return False
    letters = set(string.digits + string.ascii_uppercase) - {"0", "O"}
    return set(value[:2]) <= set(string.digits) and set(value[2:]) <= letters


def is_instant(value: Any) -> bool:
    if not is_text(value) or not value.isascii() or len(value) < 20:
        return False
    start, rest = value[:19], value[19:].upper()
    if "".join("0" if char.isdigit() else char for char in start).upper() != "0000-00-00T00:00:00":
        return False
    year, month, day, hour, minute, second = (
        int(start[a:b]) for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
    )
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return False
    if rest.startswith("."):
        unread = rest[1:].lstrip(string.digits)
        if unread == rest[1:]:
            return False
        rest = unread
    shape = "".join("0" if char.isdigit() else char for char in rest)
    offset_fits = rest == "Z" or (shape in ("+00:00", "-00:00") and int(rest[1:3]) < 24 and int(rest[4:]) < 60)
    return hour < 24 and minute < 60 and second < 60 and offset_fits


def fits_the_contract(request: dict[str, Any]) -> bool:
    rules: dict[str, Callable[[Any], Any]] = {
        "firstName": lambda value: is_text(value) and 1 <= len(value) <= 100,
        "lastName": lambda value: is_text(value) and 1 <= len(value) <= 100,
        "gender": lambda value: isinstance(value, str) and value in GENDERS,
        "email": is_address,
        "language": lambda value: isinstance(value, str) and value in LANGUAGES,
        "phoneNumbers": lambda value: isinstance(value, list) and value and all(map(is_phone, value)),
        "message": is_text,
        "classifiedId": is_listing,
        "submittedDate": is_instant,
    }
    return all(name in request for name in REQUIRED) and all(rules[name](value) for name, value in request.items())


ANY_TEXT = st.text(st.characters(), max_size=5)
ODD = st.none() | st.booleans() | st.integers() | ANY_TEXT | st.lists(ANY_TEXT) | st.dictionaries(ANY_TEXT, ANY_TEXT)
NUMBERS = st.text("+0123456789() /.-x\n", min_size=5, max_size=24) | st.from_regex(
    r"\+?[0-9 ()]{5,22}[0-9]\n?", fullmatch=True
)
PHONE = st.fixed_dictionaries({"number": NUMBERS}, optional={"type": st.sampled_from(["MOBILE", "LANDLINE", "FAX", 3])})
NEAR: dict[str, st.SearchStrategy[Any]] = {
    "firstName": st.integers(0, 101).map("\u00e9".__mul__),
    "lastName": st.integers(0, 101).map("\U0001f600".__mul__),
    "gender": st.sampled_from([*GENDERS, "male", "M"]),
    "email": st.text("ab@.-_, \u00e9\n\x80\u2003", max_size=8) | st.emails(),
    "language": st.sampled_from([*LANGUAGES, "fr", "PL"]),
    "phoneNumbers": st.lists(PHONE | st.dictionaries(st.sampled_from(["number", "type", "x"]), ODD), max_size=2),
    "message": ANY_TEXT,
    "classifiedId": st.from_regex(r"[0-9]{2}[0-9A-Z]{10}\n?", fullmatch=True),
    "submittedDate": st.from_regex(
        r"(20[0-9]{2}|000[01])-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]*)?([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?\n?",
        fullmatch=True,
    ),
}


@given(st.sampled_from(list(NEAR)).flatmap(lambda name: st.tuples(st.just(name), NEAR[name] | ODD)))
def test_a_field_breaks_a_rule_exactly_if_the_contract_says_so(change: tuple[str, Any]) -> None:
    """No violation means that the field fits the contract, and a violation that it does not."""
    request = {**LEAD, change[0]: change[1]}
    assert (violations(request) == ()) is fits_the_contract(request)


@given(st.fixed_dictionaries({}, optional={name: near | ODD for name, near in NEAR.items()}))
def test_a_request_breaks_a_rule_exactly_if_the_contract_says_so(request: dict[str, Any]) -> None:
    """Violations are sorted and about fields that are wrong or missing; none means that the request can be sent."""
    found = violations(request)
    assert (found == ()) is fits_the_contract(request)
    assert [violation.field for violation in found] == sorted(violation.field for violation in found)
    wrong = {violation.field.split("[")[0] for violation in found}
    assert fits_the_contract({**LEAD, **{name: value for name, value in request.items() if name not in wrong}})


SECRET = "\u2603\u0416"
SECRETS = st.text(SECRET, min_size=1, max_size=150) | st.just(777_333)
NESTS = st.recursive(SECRETS, lambda x: st.lists(x, max_size=3) | st.dictionaries(SECRETS.map(str), x, max_size=3))
SECRET_PHONES = st.lists(st.dictionaries(st.sampled_from(["number", "type", SECRET]), NESTS) | NESTS)


@given(st.fixed_dictionaries({name: SECRET_PHONES if name == "phoneNumbers" else NESTS for name in NEAR}))
def test_no_violation_shows_a_value(request: dict[str, Any]) -> None:
    """A value is personal data: no part of it is in any text, whichever rule it breaks."""
    text = repr(violations(request))
    assert "phoneNumbers" in text or "email" in text
    assert not [part for part in (*SECRET, "777333") if part in text]
