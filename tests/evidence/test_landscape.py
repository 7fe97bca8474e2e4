import math

import numpy as np
import torch

import eqt_theory as eqt
from eqt_theory.evidence.landscape import Landscape


def test_where_phi_is_nan_or_out_of_its_domain_it_is_infinite():
    def fn(h):
        return h.log().sum()

    one = torch.ones(1, dtype=torch.float64)
    land = Landscape(eqt.Objective(eqt.FunctionEnergy(fn), one))
    assert land.value(np.array([2.0])) == math.log(2) + 0.5 and not land.blank
    assert land.value(np.array([-2.0])) == math.inf and land.blank
    land = Landscape(eqt.Objective(2 * eqt.FunctionEnergy(fn, domain=eqt.Box([0.5], [10.0])), one))
    assert np.isinf(land.values(np.array([[0.4], [0.6], [9.0]]))).tolist() == [True, False, False]
    assert not land.blank
