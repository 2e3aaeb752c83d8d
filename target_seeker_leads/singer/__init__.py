"""Reads Singer messages, and decides when STATE messages are passed on."""
