"""Queries on archived objects: ``RestoreObject`` of Type ``SELECT``, whose answer becomes objects.

In: a request, answered at once with the place of the results.  Out: the results there, later.

The story of one job:

1. The XML becomes a query and a place for its results (:mod:`s3sql.server.archive.restore_xml`).
2. Everything that can be judged at once is: permissions, the source, the SQL, what the store can do with the
   results (:mod:`s3sql.server.restore`); what is wrong comes as the HTTP response.
3. The job is entered in the journal, which survives the process (:mod:`s3sql.server.archive.journal`), and
   ``job.txt`` is written; now the caller gets 202.
4. A thread runs the query and writes its records, in parts, to ``results/``
   (:mod:`s3sql.server.archive.job`).
5. The journal is told how the job ended, then ``result_manifest.txt`` is written, or ``errors/…`` and
   ``error_manifest.txt``; only then the journal forgets the job.

An endpoint that starts finds in the journal what another one left, and brings every job to its end: one that
was interrupted to an error manifest, one that had ended to the manifest it was about to get
(:mod:`s3sql.server.archive.jobs`).

Source: AWS S3 User Guide, "Querying archived objects", and AWS S3 API Reference, "POST Object restore", both
in earlier editions. Names and contents that AWS never documented are our choice; docs/archive-select.md tells
them.
"""
