"""Rules and values. Standard library only: no clock, no I/O, no float money."""
