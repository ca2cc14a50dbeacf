"""Nights of ingestion, measured at several sizes beside a bare COPY."""
