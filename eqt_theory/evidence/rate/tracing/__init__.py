"""How a solver is traced: exact tensors, a function of which nothing is known, states as trees, and a rehearsal."""
