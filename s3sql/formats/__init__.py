"""Input formats: from bytes to rows."""
