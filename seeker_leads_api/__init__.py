"""What the Seeker Leads API promises, and how any client speaks to it; knows nothing of Singer."""
