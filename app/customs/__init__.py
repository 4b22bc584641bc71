"""The customs domain, pure: no Qt, no SQL, no files."""
