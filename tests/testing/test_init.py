import subprocess
import sys

import pytest


def test_importing_it_loads_nothing_heavy():
    heavy = {"torch", "numpy", "scipy", "sympy", "hypothesis", "pytest"}
    code = f"import sys, eqt_theory.testing, eqt_theory.testing.plugin; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_every_public_name_is_there():
    import eqt_theory.testing

    for name in eqt_theory.testing.__all__:
        assert getattr(eqt_theory.testing, name) is not None
    assert dir(eqt_theory.testing) == eqt_theory.testing.__all__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = eqt_theory.testing.nonsense
