"""The webhook calls that the sandbox makes to its subscribers."""
