"""Training and comparison: the parity study, its tables, costs and returns."""
