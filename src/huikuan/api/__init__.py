"""The programming interface: REST under /api/v1/, described by OpenAPI."""
