"""Singer messages on their way in, and STATE messages on their way out."""
