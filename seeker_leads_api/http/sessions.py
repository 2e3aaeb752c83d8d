"""The sessions of a run: one for each host and thread, shared by all accounts."""

from __future__ import annotations

import threading

from seeker_leads_api.http.session import ApiSession


class Sessions:
    """Opens sessions on demand, so that accounts of the same API share connections."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._thread = threading.local()
        self._opened: list[ApiSession] = []

    def of(self, base_url: str) -> ApiSession:
        """Return this thread's session for a base URL.

        Raises:
            SettingsError: the environment names certificates that do not exist, or a proxy that cannot work.
        """
        sessions: dict[str, ApiSession] = self._thread.__dict__.setdefault("sessions", {})
        session = sessions.get(base_url)
        if session is None:
            session = sessions[base_url] = ApiSession(base_url, self._user_agent)
            self._opened.append(session)
        return session

    def close(self) -> None:
        """Close the connections of all threads."""
        for session in self._opened:
            session.close()
