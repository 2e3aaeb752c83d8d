"""`seeker-leads retention`: what the law asks of the table that a loader fills."""
