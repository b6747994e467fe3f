"""Load on ``s3sql serve`` as a process: many clients at a time, and kills in the middle of writes."""
