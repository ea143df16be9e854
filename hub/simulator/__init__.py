"""Simulated OCPP 1.6J chargers: a process of its own that knows nothing of the portal."""
