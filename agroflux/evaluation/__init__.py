"""Scores, and the protocols under which they may be compared."""
