"""Whatever comes over HTTP: files and pages."""
