"""Records are read for ledger format 1 as its version read them, whatever later versions understand."""

from __future__ import annotations

import pytest

from target_seeker_leads.mapping.format_1 import FORMAT_1
from target_seeker_leads.mapping.record_to_request import to_request

#: Headers of CRM exports that the first version did not understand.
UNKNOWN_THEN = [
    *("Civilité", "Titre", "Nom complet", "Nom du contact", "Prénom du contact", "E-mail du contact", "Adresse e-mail"),
    *(
        "Adresse mail",
        "Numéro de téléphone",
        "Téléphone mobile",
        "Tél. portable",
        "GSM",
        "Téléphone fixe",
        "Commentaire",
    ),
    *("Demande", "Texte", "Référence", "Référence annonce", "Annonce", "Bien", "Date", "Date de création", "Créé le"),
    *("Date de la demande", "Langue", "Sexe", "Genre"),
]


@pytest.mark.parametrize("name", UNKNOWN_THEN)
def test_name_that_was_not_understood_is_not_understood_afterwards(name: str) -> None:
    """A name that is added to the table must not change the identity under which a lead was delivered."""
    assert to_request({name: "x", "nom": "Exemple"}, FORMAT_1).request == {"lastName": "Exemple"}


@pytest.mark.parametrize("text", ["20/11/2026", "20/11/2026 14:30", "46346", "1795420800000", "20 novembre 2026"])
def test_date_that_was_not_read_is_not_read_afterwards(text: str) -> None:
    """A date format that is added must not change the identity under which a lead was kept."""
    assert to_request({"created_at": text}, FORMAT_1).request == {"submittedDate": text}
