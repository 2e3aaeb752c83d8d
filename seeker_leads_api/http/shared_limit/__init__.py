"""One rate limit for all processes with the same database in `rate_limit_url`."""
