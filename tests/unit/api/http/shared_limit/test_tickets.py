from __future__ import annotations

from seeker_leads_api.http.shared_limit.limiter import limit_key
from seeker_leads_api.http.shared_limit.tickets import Tickets


def test_tickets_are_granted_in_their_order() -> None:
    """The longest waiting thread starts first; a granted ticket is held until it is given back."""
    tickets = Tickets()
    first, second, third = (tickets.take() for _ in range(3))
    assert tickets.wait(0, 0) == (0, 3)
    tickets.grant((5.0, 6.0))
    assert [ticket.start for ticket in (first, second) if ticket.granted.is_set()] == [5.0, 6.0]
    assert not third.granted.is_set()
    assert tickets.wait(0, 0) == (2, 1)
    tickets.give_back(first)
    assert tickets.wait(0, 0) == (1, 1)


def test_grant_that_nobody_waits_for_is_given_up_at_once() -> None:
    """A thread that was stopped during the server's answer holds nothing, and the server is told at once."""
    tickets = Tickets()
    ticket = tickets.take()
    tickets.wait(0, 0)
    tickets.give_back(ticket)
    tickets.wait(0, 0)
    tickets.grant((5.0,))
    assert tickets.wait(60, 60) == (0, 0)


def test_limit_is_one_for_an_account_however_its_url_is_written() -> None:
    """The key of a limit depends only on host, path and client, and reveals none of them."""
    key = limit_key("https://api.example.com/v1", "client")
    assert key == limit_key("HTTPS://API.example.com/v1", "client")
    others = [("https://api.example.com/v2", "client"), ("https://api.example.com/v1", None)]
    assert len({key, *(limit_key(*other) for other in others)}) == 3
    assert len(key) == 64
    assert "client" not in key
