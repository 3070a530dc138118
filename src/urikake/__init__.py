"""Urikake (売掛): contract to cash for companies with recurring revenue in Japan."""

__version__ = "0.1.0"
