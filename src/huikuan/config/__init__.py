"""Settings, addresses and the server's entry point: the top room, which may import everything."""
