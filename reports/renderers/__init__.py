"""A report on paper and in files, drawn from its frozen facts alone: no query, no clock."""
