"""Attacks on a running endpoint, over bare sockets: every one ends in an S3 error or a closed connection."""
