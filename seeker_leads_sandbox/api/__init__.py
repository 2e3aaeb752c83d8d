"""The routes of the API, and what every request to them passes."""
