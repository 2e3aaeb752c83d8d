"""HTTP: sessions, connections, the meaning of answers, retries and the rate limit."""
