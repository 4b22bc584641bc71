"""Threat image projection (TIP): threats of a library laid into real scans, exactly, where they could really lie."""
