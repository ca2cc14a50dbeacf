"""The containers of docker-compose.yaml, tried for real: `make test-compose`, or `python -m tests.compose`."""
