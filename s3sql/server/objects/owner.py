"""The owner of all buckets and objects, as documents name it.

In: the account of the endpoint's settings.  Out: an id of 64 hexadecimal digits, which is what S3's canonical
user ids look like (AWS S3 API Reference, "Owner").
"""

from __future__ import annotations

import hashlib

from s3sql.server.settings import Settings


def owner_id(settings: Settings) -> str:
    """The canonical user id of the endpoint's account, always the same for one account."""
    return hashlib.sha256(settings.account.encode()).hexdigest()
