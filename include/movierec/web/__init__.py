"""The web application: an API for other applications, and pages for viewers, on what has been published."""
