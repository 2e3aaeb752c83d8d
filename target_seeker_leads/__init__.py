"""Singer target that creates leads through AVIV's Seeker Leads API."""
