"""Messages in and out: what other systems of customs send, and what they are answered."""
