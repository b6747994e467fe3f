"""In front of another store: what is not answered here is sent on, signed again, and streamed both ways.

In: verified requests.  Out: the upstream's replies, and for queries the stores that read its objects.
"""
