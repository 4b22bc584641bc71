"""Pixels and physics of X-ray scans. Knows no device, no model, no parcel and no Qt."""
