"""Machines and readers without hardware: seeded, with time, state and faults."""
