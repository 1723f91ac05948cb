"""Data sets: catalog, store, readers, selection."""
