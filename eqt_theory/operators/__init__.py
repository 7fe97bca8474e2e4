"""Maps that need not be gradients: problems whose solution is a fixed point. Needs only torch and numpy."""
