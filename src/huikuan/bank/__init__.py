"""Bank and wallet files: bytes in, statements with their lines out. One module per format; no clock, no network."""
