"""The API's routes and the middleware that every request passes through."""
