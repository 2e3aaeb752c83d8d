"""The file of accounts: it contains secrets, so only its owner may read it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from seeker_leads_api.errors import SettingsError

_GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_accounts_file(name: str) -> list[dict[str, Any]]:
    """Return the list of objects in a file.

    Raises:
        SettingsError: others can read it, or its content is wrong; the text names the file, but shows no content.
    """
    try:
        path = Path(name).expanduser()
        with path.open("rb") as file:
            # Checked on the open file, so that the checked file is the one that is read.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(name, "is not a file: check the path")
            if status.st_mode & _GROUP_AND_OTHERS:
                raise _unusable(name, f"can be read by others: run chmod 600 {name}")
            content = json.loads(file.read().decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise _unusable(name, "does not exist: check the path") from None
    except (OSError, RuntimeError):  # RuntimeError: a ~ of an unknown user
        raise _unusable(name, "cannot be read: check the path, and the mode of the file") from None
    except (ValueError, RecursionError):
        raise _unusable(name, "is not JSON in UTF-8: fix it") from None
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise _unusable(name, "must hold a JSON list of objects, one for each account")
    return content


def _unusable(name: str, problem: str) -> SettingsError:
    return SettingsError(f"The file {name!r} of `accounts_path` {problem}")
