"""The programs of the clients in Python; each runs in an environment that has only its client."""
