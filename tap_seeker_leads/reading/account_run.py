"""What the spans of one account share in a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_seeker_leads.reading.windows import SeamFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_api.client import ApiClient
    from tap_seeker_leads.reading.events import PageRead, WindowRead
    from tap_seeker_leads.reading.last_pages import LastPages
    from tap_seeker_leads.settings import TapSettings


@dataclass(frozen=True, slots=True)
class AccountRun:
    """What all spans of one account share in a run: its client, and what is known about leads and windows."""

    settings: TapSettings
    client: ApiClient
    clock: Callable[[], float]
    send_event: Callable[[PageRead | WindowRead], object]  #: passes an event to the main thread; may wait
    idle_readers: Callable[[], int]
    last_pages: LastPages  #: shared by all accounts, since they have the same server
    seams: SeamFilter = field(default_factory=SeamFilter)
