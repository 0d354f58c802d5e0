"""Facts → what leaves the house: files and letters. Pure: bytes out, nothing read, nothing kept."""
