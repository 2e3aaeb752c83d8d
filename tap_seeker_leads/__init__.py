"""Singer tap for the leads of AVIV's Seeker Leads API."""
