"""What can be wrong with what the tool is given."""

from __future__ import annotations

from seeker_leads_api.errors import SettingsError


class InputFileError(SettingsError):
    """A file cannot be read as leads; nothing was changed. The user gives another one, or another option."""
