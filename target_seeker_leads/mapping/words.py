"""Words that people and programs write for a gender or a language, instead of the contract's codes: two tables."""

from __future__ import annotations

from target_seeker_leads.mapping.field_names import normalise

#: The contract's genders, each with the words that mean it, normalised.
GENDER_WORDS: dict[str, tuple[str, ...]] = {
    "MALE": ("male", "man", "mr", "mister", "sir", "m", "monsieur", "homme", "h", "masculin", "herr"),
    "FEMALE": (
        *("female", "woman", "mrs", "ms", "miss", "madam", "f", "mme", "madame", "mlle", "mademoiselle", "femme"),
        *("feminin", "feminine", "frau"),
    ),
    "OTHER": ("other", "mx", "nonbinary", "autre", "nonbinaire", "divers"),
    "PREFER_NOT_TO_DISCLOSE": (
        *("prefernottodisclose", "prefernottosay", "undisclosed"),
        *("preferenepasrepondre", "preferenepasdire", "nesouhaitepasrepondre"),
    ),
}

#: The contract's languages, each with the words that mean it, normalised: ISO 639 codes, and its French, English and
#: own name.
LANGUAGE_WORDS: dict[str, tuple[str, ...]] = {
    "DE": ("de", "deu", "ger", "allemand", "german", "deutsch"),
    "EN": ("en", "eng", "anglais", "english"),
    "ES": ("es", "spa", "espagnol", "spanish", "espanol", "castellano"),
    "FR": ("fr", "fra", "fre", "francais", "french"),
    "HE": ("he", "iw", "heb", "hebreu", "hebrew", normalise("עברית")),
    "IT": ("it", "ita", "italien", "italian", "italiano"),
    "NL": ("nl", "nld", "dut", "neerlandais", "hollandais", "flamand", "dutch", "flemish", "nederlands", "vlaams"),
    "PT": ("pt", "por", "portugais", "portuguese", "portugues"),
    "RU": ("ru", "rus", "russe", "russian", normalise("русский")),
}


def gender_of(text: str) -> str | None:
    """Return the contract's code for a gender in words such as `Mme`; None for unknown words."""
    return _GENDERS.get(normalise(text))


def language_of(text: str) -> str | None:
    """Return the contract's code for a language in words such as `Français`; None for unknown words."""
    return _LANGUAGES.get(normalise(text))


def _by_word(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {word: code for code, words in table.items() for word in words}


_GENDERS = _by_word(GENDER_WORDS)
_LANGUAGES = _by_word(LANGUAGE_WORDS)
