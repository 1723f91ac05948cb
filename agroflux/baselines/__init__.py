"""Baseline models: one architecture a file, one registry, one checkpoint format. Importing this imports no torch."""
