"""The way to the API and back: sessions, connections, what answers mean, retries and the rate limit."""
