"""From a checkpoint and a data set to predictions in physical units. Importing this imports no torch."""
