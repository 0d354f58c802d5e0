"""Scheduled and background work, and the supervisor that keeps server, worker and scheduler running."""
