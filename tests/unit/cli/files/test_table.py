from __future__ import annotations

import pytest

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.table import Header


@pytest.mark.parametrize(
    "value",
    [
        "luc.dupont@example.fr",
        "0639980001",
        "+33 (0)6 39 98 00 01",
        "06\u00a039\u00a098\u00a000\u00a001",
        639980001,
        639980001.0,
        "26ABCDEFGHJK",
    ],
)
def test_first_row_that_is_a_lead_is_refused_and_not_quoted(value: object) -> None:
    """Without a header, the first lead would be lost, and its values would be logged as the names of columns."""
    with pytest.raises(InputFileError, match="is a lead and not the header") as caught:
        Header(["Dupont", value, "Dupont"])
    assert "Dupont" not in str(caught.value)
    assert str(value) not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["E-mail (@)", "Tél. 06/07", "2025-2026", "Téléphone 1", "N° annonce", "REFERENCE123", "a@" + "b." * 50_000, 2026],
)
def test_unusual_column_names_are_accepted(name: object) -> None:
    """Only a cell that is wholly a value of a lead is one."""
    assert Header(["Nom", name]).columns == ("Nom", str(name))


def test_column_without_a_name_that_has_values_is_known() -> None:
    """A merged header cell leaves columns without a name: those with values in any row are not skipped unnoticed."""
    header = Header(["Nom", "Téléphone", "", None, " "])
    assert header.record(["Dupont", "0139980001", "", None, " "]) == {"Nom": "Dupont", "Téléphone": "0139980001"}
    assert list(header.unnamed) == []
    header.record(["Durand", "0139980002", "0639980002", "", 7])
    header.record(["Petit", "0139980003", "", None, ""])
    assert list(header.unnamed) == [3, 5]
