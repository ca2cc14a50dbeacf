"""The embedded PostgreSQL: its programs, account, cluster and sockets."""
