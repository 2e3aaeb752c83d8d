"""What the contract lets pass and common sense does not: refusals and warnings, by kind of value."""
