"""Questions about maps that need not be gradients."""
