"""The contract and the client of the Seeker Leads API; independent of Singer."""
