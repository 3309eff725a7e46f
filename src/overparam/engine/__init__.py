"""Training: many networks at once, in worker processes, into a table of records that are kept on disk."""
