"""Taking what the outbox holds to where it is wanted."""
