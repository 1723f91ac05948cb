"""Training recipes: from a contract data set to a checkpoint."""
