"""Signature Version 4: who sent a request, and whether it came as it was sent.

In: the parts of a request that its signature covers.  Out: the caller and what its body must hash to, or the
error that S3 has for it. :mod:`.claims` reads what a request says of itself, :mod:`.sigv4` verifies it,
:mod:`.chunks` goes on with the chunks of its body; :mod:`.signing` has the formulas.
"""
