"""Simulated power cuts: what a station writes is recorded, and a disk is made as a cut at any moment may leave it."""
