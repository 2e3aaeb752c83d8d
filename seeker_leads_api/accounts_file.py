"""The file of accounts: it contains secrets, so only its owner may read it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from seeker_leads_api.errors import SettingsError
from seeker_leads_api.unique_fields import DuplicateFieldError, unique_fields

#: Many thousands of accounts have less.
_MAX_BYTES = 16 * 1024 * 1024
_GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_accounts_file(name: str) -> list[dict[str, Any]]:
    """Return the list of objects in a file.

    Raises:
        SettingsError: others can read it, or its content is wrong; the text shows no value, at most a field's name.
    """
    text = _text_of(name)
    try:
        content = json.loads(text, object_pairs_hook=unique_fields)
    except DuplicateFieldError as error:
        raise _unusable(name, f"has an object with the field {error.name!r} twice: remove one") from None
    except (ValueError, RecursionError):
        raise _unusable(name, "is not JSON in UTF-8: fix it") from None
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise _unusable(name, "must hold a JSON list of objects, one for each account")
    return content


def _text_of(name: str) -> str:
    try:
        # Without O_NONBLOCK, a named pipe without a writer would block here.
        handle = os.open(Path(name).expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            # Checked on the open file, so that the checked file is the one that is read.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(name, "is not a file: check the path")
            if status.st_mode & _GROUP_AND_OTHERS:
                raise _unusable(name, f"can be read by others: run chmod 600 {name}")
            content = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _unusable(name, "does not exist: check the path") from None
    except (OSError, RuntimeError):  # RuntimeError: a ~ of an unknown user
        raise _unusable(name, "cannot be read: check the path, and the mode of the file") from None
    except ValueError:
        raise _unusable(name, "is not a valid path: check it") from None
    if len(content) > _MAX_BYTES:
        raise _unusable(name, f"has more than {_MAX_BYTES:,} bytes, so it is not a list of accounts: check the path")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(name, "is not JSON in UTF-8: fix it") from None


def _unusable(name: str, problem: str) -> SettingsError:
    return SettingsError(f"The file {name!r} of `accounts_path` {problem}")
