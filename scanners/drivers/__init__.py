"""Drivers, one module each, found by their entry points."""
