"""`seeker-leads retention`: applies the legal retention rules to the table that a loader fills."""
