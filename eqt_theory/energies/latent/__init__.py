"""The terms of latent refinement."""
