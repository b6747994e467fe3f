"""Bodies of requests: what the headers announce, the framing taken off, and every digest verified.

In: ASGI's messages.  Out: the bytes that were meant, of which the last are handed out when all digests hold.
"""
