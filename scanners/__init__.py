"""Devices: X-ray sources and barcode readers behind one abstraction. Knows imaging only."""
