"""Energies over latent states, with gradients, Hessians and declared curvature. Needs only torch and numpy."""
