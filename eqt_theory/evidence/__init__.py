"""How we come to know: proofs, enclosures, curvature, rates, MAP oracles. Each returns a Finding."""
