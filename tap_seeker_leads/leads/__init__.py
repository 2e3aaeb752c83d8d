"""Turns the API's answers into records of the stream `leads`."""
