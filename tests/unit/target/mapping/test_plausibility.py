"""Values that the contract accepts and nobody can mean, and values that are merely unlikely."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.mapping.date_times import DateReader
from target_seeker_leads.mapping.phones import to_number
from target_seeker_leads.mapping.plausibility import dates, phones, texts
from target_seeker_leads.mapping.plausibility.examine import examine
from target_seeker_leads.mapping.record_to_request import to_request
from target_seeker_leads.mapping.validation import violations

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
LEAD: dict[str, Any] = {
    "firstName": "Zo\u00e9",
    "lastName": "Exemple",
    "email": "zoe@example.org",
    "phoneNumbers": [{"number": "+33 (0)6 39 98 12 34"}, {"number": "01 99 00 12 34"}],
    "message": "Bonjour",
    "classifiedId": "26ABCDEFGHJK",
    "submittedDate": "2026-11-23T08:00:00Z",
}
INVISIBLE = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u202a", "\u2060", "\u200e"]
FIELDS = {"lastName": "lastName", "email": "email", "phone": "phoneNumbers[0].number", "submittedDate": "submittedDate"}


def with_value(field: str, value: object) -> dict[str, Any]:
    return {**LEAD, "phoneNumbers": [{"number": value}]} if field == "phone" else {**LEAD, field: value}


def test_usual_lead_has_no_findings() -> None:
    """Usual values cause neither violations nor warnings."""
    assert examine(LEAD, NOW).violations == ()
    assert examine(LEAD, NOW).warnings == ()


REFUSED = [
    *(("email", f"zoe{char}@example.org", texts.INVISIBLE) for char in INVISIBLE),
    *(("email", f"{char}zoe@example.org", texts.INVISIBLE) for char in INVISIBLE),
    ("email", "mailto:zoe@example.org", texts.MAILTO),
    ("email", "MAILTO: zoe@example.org", texts.MAILTO),
    *(
        ("email", f"a@x.fr{between}b@y.fr", texts.SEVERAL_ADDRESSES)
        for between in (";", ",", " ", "; ", " / ", "|", "\n", "\u00a0")
    ),
    ("email", "a@x.fr; b@y.fr; c@z.fr", texts.SEVERAL_ADDRESSES),
    *(("phone", f"{char}+33 6 39 98 12 34", phones.INVISIBLE) for char in INVISIBLE),
    ("phone", "tel:+33639981234", phones.WITH_SCHEME),
    *(("phone", text, phones.DATE) for text in ("20/11/2026", "20-11-2026", "20.11.2026", "2026-11-20", "20/11/26")),
    *(("phone", text, phones.DATE) for text in ("1/2/1999", "2026/01/31", "20/11/2026 09:15", "2026-11-20T09:15:00Z")),
    *(("phone", text, phones.FILLER) for text in ("0000000000", "00 00 00 00 00", "1111111111", "+33 0 00 00 00 00")),
    *(("phone", text, phones.SHORTENED) for text in ("6.12E+08", "6,12346E+08", "0612345678.0", "612345678.5")),
    ("phone", "0612345678/0698765432", phones.SEVERAL),
    ("phone", "0612345678 0698765432", phones.SEVERAL),
    ("phone", "06 12 34 56 78 / 06 98 76 54 32", phones.SEVERAL),
    ("phone", "06 12 34 56 78 ou 01 42 00 00 07", phones.SEVERAL),
    ("phone", "+33612345678; +49 171 5550199", phones.SEVERAL),
    ("phone", "(((((((1", phones.TOO_FEW_DIGITS),
    *(
        ("lastName", text, texts.EMPTY_NAME)
        for text in ("nan", "NaN", "NULL", "null", "None", "#N/A", " N/A ", "nan\u200b")
    ),
    *(("submittedDate", f"{day}T00:00:00Z", dates.ZERO) for day in ("0001-01-01", "1899-12-30", "1899-12-31")),
    *(("submittedDate", f"{day}T00:00:00Z", dates.ZERO) for day in ("1900-01-01", "1904-01-01", "1970-01-01")),
    *(("submittedDate", text, dates.ZERO) for text in ("1900-01-00", "0000-00-00 00:00:00", "00/01/1900", "1/0/1900")),
    ("submittedDate", "9999-12-31T23:59:59Z", dates.ZERO),
    *(("submittedDate", text, dates.SERIAL) for text in ("46349", "46349.5")),
]


@pytest.mark.parametrize(("field", "value", "finding"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_impossible_values_are_rejected_with_their_own_reason(field: str, value: str, finding: Any) -> None:
    """One mistake is one violation, which names the mistake and its cure, and never the value."""
    assert [(v.field, v.rule, v.cure) for v in examine(with_value(field, value), NOW).violations] == [
        (FIELDS[field], finding.rule, finding.cure)
    ]


UNLIKELY = [
    ("phone", "612345678", phones.NO_PREFIX),
    ("phone", "33 6 39 98 12 34", phones.NO_PREFIX),
    ("phone", "0123456789", phones.SEQUENCE),
    ("phone", "9876543210", phones.SEQUENCE),
    ("phone", "06 66 66 66 66", phones.SAME_DIGIT),
    ("phone", "123 4567", phones.FEW_DIGITS),
    ("phone", "+331234509876123459", phones.TOO_MANY_DIGITS),
    ("email", "zoe@localhost", texts.NO_DOT),
    ("lastName", "75001", texts.NO_LETTER),
    ("lastName", "?", texts.NO_LETTER),
    ("firstName", "NULL", texts.EMPTY_TEXT),
    ("message", "nan", texts.EMPTY_TEXT),
    ("submittedDate", "1985-03-02T00:00:00Z", dates.EARLY),
    ("submittedDate", "2027-02-03T08:00:00Z", dates.FUTURE),
]


@pytest.mark.parametrize(("field", "value", "finding"), UNLIKELY, ids=lambda value: ascii(value)[:40])
def test_unlikely_values_are_warnings(field: str, value: str, finding: Any) -> None:
    """It is sent, and reported at the end of the run."""
    findings = examine(with_value(field, value), NOW)
    assert findings.violations == ()
    assert [(warning.rule, warning.cure) for warning in findings.warnings] == [(finding.rule, finding.cure)]


#: Phones as people write them, from ranges that are reserved for fiction where there are any.
PHONES = [
    *("06 39 98 12 34", "06.39.98.12.34", "06-39-98-12-34", "0639981234", "+33639981234", "+33 (0)6 39 98 12 34"),
    *("0033 6 39 98 12 34", "01 99 00 12 34", "+49 30 901820", "+49 171 5550199", "0171/5550199", "030 / 90 18 20"),
    *("+32 475 12 34 57", "0475.123457", "+41 22 555 01 01", "+44 20 7946 0018", "+1 (212) 555-0187", "+352 27 1234"),
    *("06\u00a039\u00a098\u00a012\u00a034", "06\u202f39\u202f98\u202f12\u202f34", "06\u200939\u200998\u200912\u200934"),
    *("06\u201139\u201198\u201112\u201134", "\u00a006 39 98 12 34\u00a0"),
]


@pytest.mark.parametrize("text", PHONES, ids=ascii)
def test_usual_phone_spellings_are_accepted_without_a_warning(text: str) -> None:
    """No usual spelling is refused or warned about, with the blanks that people use."""
    findings = examine(with_value("phone", to_number(text)), NOW)
    assert findings.violations == ()
    assert findings.warnings == ()


@pytest.mark.parametrize("name", ["Null", "Nan", "NAN", "Na", "None-Martin", "N", "\u5f35", "Nguy\u1ec5n", "O'Neil"])
def test_surnames_that_look_like_nothing_are_names(name: str) -> None:
    """Null, Nan and Na are people: only the exact spellings of software are not names."""
    assert examine({**LEAD, "lastName": name}, NOW).violations == ()


@pytest.mark.parametrize(
    "message", ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]
)
def test_invisible_characters_within_words_are_nothing_wrong(message: str) -> None:
    """Emoji are joined by them, and Persian is spelled with them: names and messages are sent unchanged."""
    request = {**LEAD, "lastName": message + "a", "message": message}
    assert examine(request, NOW).violations == ()
    assert to_request(request).request["message"] == message


@given(st.sampled_from(sorted(FIELDS)), st.text(st.characters(categories=["Cf", "Cc", "Zs"]), min_size=1, max_size=5))
def test_text_with_nothing_to_see_is_absent(field: str, text: str) -> None:
    """A field that holds only blanks and invisible characters counts as absent."""
    name = {"phone": "mobile"}.get(field, field)
    assert to_request({name: text}).request == {}


ANY = st.none() | st.integers() | st.text(max_size=20) | st.from_regex(r"[+0-9 /.,;@E-]{1,22}", fullmatch=True)
PHONE = st.fixed_dictionaries({"number": ANY}, optional={"type": ANY}) | ANY


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.lists(PHONE, max_size=3) if name == "phoneNumbers" else ANY for name in LEAD}
    )
)
def test_request_that_breaks_the_contract_is_found(request: dict[str, Any]) -> None:
    """A request that breaks the contract breaks a rule here too, in the same field, and the fields are in order."""
    found = [violation.field for violation in examine(request, NOW).violations]
    assert found == sorted(found)
    assert {violation.field for violation in violations(request)} <= set(found)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2026, 11, 23)))  # noqa: DTZ001  # naive, as databases have it
def test_recent_dates_have_no_findings(moment: datetime) -> None:
    """No instant from the year 2000 until now is refused or warned about."""
    findings = examine({**LEAD, "submittedDate": DateReader().read(moment).value}, NOW)
    assert findings.violations == ()
    assert findings.warnings == ()
