"""Trace codes, their keys, labels and printing, the parcel's life as EPCIS, recall. No Qt, no SQL, no store."""
