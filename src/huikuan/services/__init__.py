"""The only business writers: load (locked) → decide (pure, core) → write rows, journal and audit in one transaction."""
