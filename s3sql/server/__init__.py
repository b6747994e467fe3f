"""The endpoint: an S3 server whose ``SelectObjectContent`` is answered here.

In: HTTP requests of any S3 client.  Out: S3's replies. The story of one request:

1. A connection is read by uvicorn with bounds on headers and their time
   (:mod:`s3sql.server.running.http_protocol`).
2. The request gets its ids, its address and the name of its operation (:mod:`s3sql.server.endpoint`,
   :mod:`s3sql.server.address`, :mod:`s3sql.server.operations`).
3. The signature is verified before a byte of the body is asked for (:mod:`s3sql.server.signatures`), then
   the caller's permission (:mod:`s3sql.server.access`).
4. The body is decoded, bounded and verified while it is read (:mod:`s3sql.server.bodies`).
5. The operation is answered: a query by :mod:`s3sql.server.select`, one over an archived object by
   :mod:`s3sql.server.restore`, anything else by the embedded store (:mod:`s3sql.server.objects`) or by the
   store behind the endpoint (:mod:`s3sql.server.upstream`).
6. The reply is sent as fast as the client reads it (:mod:`s3sql.server.streaming`); an
   :class:`~s3sql.errors.S3SelectError` from any step becomes S3's error document
   (:mod:`s3sql.server.error_document`).
7. What happened is counted and logged (:mod:`s3sql.server.metrics`, :mod:`s3sql.server.access_log`).

:mod:`s3sql.server.app` puts these together, :mod:`s3sql.server.running.run` runs them.
"""
