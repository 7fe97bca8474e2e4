"""MAP estimates: is a state the mode of the density that an objective stands for?"""

from eqt_theory.evidence.map.check import check_map

__all__ = ["check_map"]
