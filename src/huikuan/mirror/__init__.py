"""The append-only journal as immutable Parquet segments, sealed by a hash chain: what engines and queries read."""
