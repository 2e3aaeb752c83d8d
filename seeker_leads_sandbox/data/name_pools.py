"""Values drawn from Faker once, so that 200,000 leads only combine them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from faker import Faker


@dataclass(frozen=True, slots=True)
class Pools:
    """Values for seekers and their searches; none of them belongs to a real person."""

    first_names: tuple[tuple[str, str], ...]  #: name, gender
    last_names: tuple[str, ...]
    mail_domains: tuple[str, ...]
    mobile_numbers: tuple[str, ...]
    landline_numbers: tuple[str, ...]
    places: tuple[tuple[str, str], ...]  #: city, postal code
    sentences: tuple[str, ...]


@lru_cache(maxsize=8)
def draw_pools(seed: int) -> Pools:
    """Return the pools for a seed; the same seed gives the same pools."""
    fake = Faker("fr_FR")
    fake.seed_instance(seed)
    return Pools(
        first_names=(
            *((fake.first_name_female(), "FEMALE") for _ in range(150)),
            *((fake.first_name_male(), "MALE") for _ in range(150)),
        ),
        last_names=tuple(fake.last_name() for _ in range(400)),
        mail_domains=tuple(dict.fromkeys(fake.safe_domain_name() for _ in range(20))),
        # The French regulator reserves these ranges for fiction.
        mobile_numbers=tuple(fake.numerify("+33 6 39 98 ## ##") for _ in range(1500)),
        landline_numbers=tuple(
            fake.numerify(prefix + " ## ##")
            for prefix in ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49")
            for _ in range(200)
        ),
        places=tuple((fake.city(), fake.postcode()) for _ in range(200)),
        sentences=tuple(fake.sentence(nb_words=10) for _ in range(200)),
    )


def mail_name(name: str) -> str:
    """Return a name in the form used in an e-mail address."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter if letter.isalnum() else "-" for letter in ascii_name)
