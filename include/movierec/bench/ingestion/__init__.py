"""Nights of ingestion, measured at several sizes and compared with a bare COPY."""
