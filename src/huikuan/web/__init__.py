"""The staff's pages. Reads through queries, writes through services; the clock is read here and passed down."""
