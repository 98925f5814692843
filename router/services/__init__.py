"""One use case a file; the only place that opens and commits a write transaction."""
