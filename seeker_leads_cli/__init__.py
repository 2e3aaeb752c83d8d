"""`seeker-leads`, the tool for people: look at a file of leads, and send it, without Meltano."""
