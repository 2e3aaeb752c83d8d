"""From an answer of the API to the records of the stream `leads`."""
