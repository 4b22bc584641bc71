"""The queue that the stations of a post share, on PostgreSQL: what a station may ask of it, and how it is set up."""
