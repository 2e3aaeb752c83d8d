"""Errors about the tool's input."""

from __future__ import annotations

from seeker_leads_api.errors import SettingsError


class InputFileError(SettingsError):
    """A file cannot be read as leads; nothing was changed. The user gives another file or another option."""
