"""Things that go wrong around a working station, each tried often; what was lost or not told is counted."""
