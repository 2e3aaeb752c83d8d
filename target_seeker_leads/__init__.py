"""Singer target that will create leads through AVIV's Seeker Leads API."""
