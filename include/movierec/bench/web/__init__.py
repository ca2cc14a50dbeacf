"""`make bench-web`: how fast the web application answers, beside a bare route that asks the database for 1."""
