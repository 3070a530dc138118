"""Formats (書式): one file a format, each reading and writing text that the world outside defines."""
