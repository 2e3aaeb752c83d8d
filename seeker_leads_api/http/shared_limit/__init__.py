"""One rate limit for all processes that name the same database in `rate_limit_url`."""
