"""Logistic regression on scikit-learn's breast cancer data: a MAP estimate with every constant known.

The likelihood is the energy, a standard normal prior is the proximal term (proposal 0, gamma = 1). So Phi is strongly
convex with m = 1 whatever the data are, and M is the largest eigenvalue of X^T X/4, plus 1.
"""

from typing import Any

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import eqt_theory as eqt
from eqt_theory.report.plots.style import BLUE, GREEN, INK, VERMILLION, Chart, array, chart, look


def study() -> dict[str, Any]:
    """The estimate by three solvers, certified constants, and scikit-learn's own answer."""
    rows, classes = load_breast_cancer(return_X_y=True)
    X = torch.tensor((rows - rows.mean(0)) / rows.std(0))
    labels = torch.tensor(2.0 * classes - 1)
    energy = eqt.Logistic(X, labels)
    objective = eqt.Objective(energy, proposal=torch.zeros(30, dtype=torch.float64), gamma=1.0)
    assert objective.m is not None and objective.M is not None

    everywhere = eqt.WholeSpace(30)
    convex = eqt.check_strong_convexity(objective, 1.0, everywhere, samples=16)
    smooth = eqt.check_smoothness(objective, objective.M * (1 + 1e-9), everywhere, samples=16)
    solvers = {
        "gradient descent": eqt.GradientDescent.optimal(objective.m, objective.M),
        "Nesterov": eqt.Nesterov.optimal(objective.m, objective.M),
        "Newton": eqt.Newton(),
    }
    runs = {name: eqt.solve(objective, s, max_steps=600, tolerance=1e-9, record=True) for name, s in solvers.items()}
    estimate = runs["Newton"].h
    theirs = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=10_000).fit(array(X), classes)
    return {
        "objective": objective,
        "convex": convex,
        "smooth": smooth,
        "runs": runs,
        "estimate": estimate,
        "apart": float((estimate - torch.tensor(theirs.coef_[0])).abs().max()),
        "accuracy": float(((X @ estimate) * labels > 0).double().mean()),
        "guarantee": solvers["gradient descent"].guarantee(objective.m, objective.M),
    }


def picture(found: dict[str, Any]) -> Chart:
    """Distance to the estimate, step by step, and the rate that gradient descent is guaranteed."""
    figure, (panel,) = chart(6.8, 3.8)
    with look():
        for (name, run), colour in zip(found["runs"].items(), (BLUE, VERMILLION, GREEN), strict=True):
            away = array((run.trajectory - found["estimate"]).norm(dim=-1))
            panel.semilogy(away.clip(1e-13), color=colour, label=name)
        start, rate = float(found["estimate"].norm()), found["guarantee"].rate
        steps = range(0, 601, 10)
        panel.semilogy(steps, [start * rate**k for k in steps], color=INK, linestyle=":", label=f"{rate:.5f} per step")
        panel.set(xlabel="step", ylabel="distance to the estimate", title="Logistic regression, 569 cases, 30 features")
        panel.legend()
    return figure
