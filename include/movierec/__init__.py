"""Nightly movie recommendations: audited ingestion, honest evaluation, safe publishing."""

__version__ = "0.1.0"
