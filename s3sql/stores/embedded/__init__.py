"""The embedded store: a folder whose sub-folders are buckets, written and read as S3 has it.

In: buckets, keys and bytes.  Out: plain files that other programs see too, and beside them what a file
cannot carry. :class:`~s3sql.stores.embedded.store.EmbeddedStore` is the door; the rooms behind it are
described in its module.
"""
