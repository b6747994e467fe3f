"""Where objects are: a folder, memory, a stream, or any S3 endpoint."""
