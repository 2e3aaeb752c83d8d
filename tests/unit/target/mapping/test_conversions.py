from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from target_seeker_leads.mapping.conversions import (
    CONVERTERS,
    from_json_text,
    is_empty,
    to_gender,
    to_language,
    to_text,
    to_trimmed,
    to_upper,
)
from target_seeker_leads.mapping.field_names import FIELD_NAMES, PHONES, SUBMITTED_DATE

BLANK_TEXTS = ["", " \t\n\u00a0", "\u200b", "\ufeff \u00ad\x00"]
EMPTY: list[Any] = [None, False, *BLANK_TEXTS, [], {}, float("nan"), Decimal("NaN"), Decimal("sNaN")]
FULL: list[Any] = [True, 0, 0.0, Decimal(0), "0", "False", "null", [None], {"a": None}, float("inf"), date(2026, 1, 1)]


@pytest.mark.parametrize("value", EMPTY)
def test_what_sources_write_for_nothing_is_empty(value: object) -> None:
    """Null, blanks, empty lists and objects, NaN, and Odoo's False mean that there is no value."""
    assert is_empty(value)


@pytest.mark.parametrize("value", FULL)
def test_everything_else_is_a_value(value: object) -> None:
    """Zero and True are values, even if they may be wrong: they are reported, not ignored."""
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Ann\u00e9 \U0001f600\n", "  Ann\u00e9 \U0001f600\n"),
        (75001, "75001"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (261234567891.0, "261234567891"),
        (Decimal("261234567891.0"), "261234567891"),
        (0.5, "0.5"),
        (-0.5, "-0.5"),
        (-7.0, "-7"),
    ],
)
def test_numbers_become_their_text(value: object, text: str) -> None:
    """A number is written in digits, a whole one without a point; a text is not changed."""
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("longest", "longer"),
    [
        (10**40 - 1, 10**40),
        (1 - 10**40, -(10**40)),
        (Decimal("1E+39"), Decimal("1E+40")),
        (Decimal("1E-40"), Decimal("1E-41")),
        (1e39, 1e40),
    ],
)
def test_number_of_up_to_forty_digits_is_a_text(longest: Any, longer: Any) -> None:
    """That is more than any number means that someone wrote; a longer one is reported as it is."""
    assert len(to_text(longest).lstrip("-").replace("0.", "")) == 40
    assert to_text(longer) is longer


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ('{"a": [1]}', {"a": [1]}),
        (' \n[{"a": 1}]', [{"a": 1}]),
        ({"a": 1}, {"a": 1}),
        (None, None),
        (7, 7),
        ("7", "7"),
        ("null", "null"),
        ("", ""),
        ("{Dupont}", "{Dupont}"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_only_objects_and_lists_are_read_out_of_a_text(value: object, read: object) -> None:
    """Warehouses return nested columns as text. Any other text is one, even if it is JSON or begins like it."""
    assert from_json_text(value) == read


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("firstName", 7, "7"),
        ("lastName", " 7 ", " 7 "),
        ("message", 7.5, "7.5"),
        ("email", " jane@example.com ", "jane@example.com"),
        ("classifiedId", 26.0, "26"),
        ("gender", "Mme", "FEMALE"),
        ("language", "anglais", "EN"),
    ],
)
def test_each_field_has_its_reading(field: str, value: object, read: str) -> None:
    """Texts for people stay as they are, ids and addresses lose blanks, and words become codes."""
    assert CONVERTERS[field](value) == read


def test_every_field_has_a_reading() -> None:
    """Phones and the date have modules of their own."""
    assert set(CONVERTERS) == set(FIELD_NAMES) - {PHONES, SUBMITTED_DATE}


WRONG: list[Any] = [True, {"a": 1}, ["a"], 10**5000, float("inf"), Decimal("1E+999999"), Decimal("1E-999999")]


@pytest.mark.parametrize("convert", [to_text, to_trimmed, to_upper, to_language, to_gender])
@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
def test_wrong_shapes_stay_as_they_are(convert: Any, value: object) -> None:
    """Values that are not text stay unchanged, so that validation reports them; no number fills the memory."""
    assert convert(value) is value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *[("fr", "FR"), (" Fr ", "FR"), ("fr_FR", "FR"), ("de-AT", "DE"), ("fr_FR.UTF-8", "FR"), ("fra-FR", "FR")],
        *[("fra", "FR"), ("fre", "FR"), ("French", "FR"), ("Fran\u00e7ais", "FR"), ("anglais", "EN")],
        *[("klingon", "KLINGON"), ("fr et en", "FR ET EN")],
    ],
)
def test_language_in_words_and_codes(value: str, code: str) -> None:
    """A locale, a code of two or three letters, and a usual word give the language; other words are not guessed."""
    assert to_language(value) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *[("M.", "MALE"), ("M", "MALE"), (" Monsieur ", "MALE"), ("mr", "MALE"), ("Homme", "MALE"), ("male", "MALE")],
        *[("Mme", "FEMALE"), ("Mlle.", "FEMALE"), ("MADAME", "FEMALE"), ("F\u00e9minin", "FEMALE"), ("Ms", "FEMALE")],
        *[("autre", "OTHER"), ("prefer not to disclose", "PREFER_NOT_TO_DISCLOSE")],
        *[("M. et Mme", "M. ET MME"), ("Dr", "DR")],
    ],
)
def test_gender_in_words(value: str, code: str) -> None:
    """The usual titles and words give the gender; ambiguous ones are not guessed."""
    assert to_gender(value) == code


def test_enums_are_upper_cased() -> None:
    """Case and blanks around an enum's value do not matter."""
    assert to_upper(" prefer_not_to_disclose\n") == "PREFER_NOT_TO_DISCLOSE"
