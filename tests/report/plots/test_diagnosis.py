import numpy as np
import pytest
import torch

from eqt_theory import FunctionEnergy, Objective, Quadratic, UsageError, diagnose
from eqt_theory.report.plots import svg
from eqt_theory.report.plots.diagnosis import diagnosis_changes, diagnosis_errors, diagnosis_spectra

F = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def _lines(chart, panel: int = 0) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_xydata()) for line in chart.axes[panel].lines}


def _bowl() -> Objective:
    return Objective(Quadratic(torch.diag(torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64))), F)


def test_spectra_show_the_eigenvalues_of_phi():
    lines = _lines(diagnosis_spectra(diagnose(_bowl(), 0.1, 8)))
    assert lines["smallest"][:, 0] == pytest.approx([2.0] * 5)
    assert lines["largest"][:, 0] == pytest.approx([6.0] * 5)


def test_errors_lie_under_the_guaranteed_envelope():
    lines = _lines(diagnosis_errors(diagnose(_bowl(), 0.1, 8)))
    envelope = lines["guaranteed, 0.8 per step"]
    assert envelope[:3, 1] == pytest.approx([1, 0.8, 0.64])
    worst = lines["worst token"]
    assert bool((worst[:30, 1] <= envelope[:30, 1] * (1 + 1e-6)).all())


def test_without_declared_curvature_nothing_is_called_guaranteed():
    energy = FunctionEnergy(lambda h: h.square().sum(-1))
    labels = _lines(diagnosis_errors(diagnose(Objective(energy, F), 0.1, 8)))
    assert not any("guaranteed" in label for label in labels)
    assert any("gives 0.7 per step" in label for label in labels)


def test_changes_are_one_point_for_each_token_and_step():
    found = diagnose(_bowl(), 0.1, 8)
    points = np.asarray(diagnosis_changes(found).axes[0].collections[0].get_offsets())
    assert points.shape == (5 * 8, 2)
    assert points[:5, 1] == pytest.approx([1] * 5)
    assert points[:5, 0] == pytest.approx(found.changes[0].numpy())


def test_nothing_known_is_an_error_and_spectra_still_drawn():
    found = diagnose(Objective(FunctionEnergy(lambda h: -3 * h.square().sum(-1)), F), 0.1, 8)
    with pytest.raises(UsageError, match="nothing to draw"):
        diagnosis_errors(found)
    assert "0 of 5 tokens" not in svg(diagnosis_spectra(found))[:50]
    assert _lines(diagnosis_spectra(found), 1)["smallest"].shape == (0, 2)


def test_the_same_diagnosis_gives_the_same_file():
    found = diagnose(_bowl(), 0.1, 8)
    assert svg(diagnosis_errors(found)) == svg(diagnosis_errors(found))
