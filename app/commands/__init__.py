"""The commands of `guanjian`, one module a theme; each parses, calls and prints, and nothing more."""
