"""Checks the theory behind energy-based latent refinement, claim by claim, and shows its evidence.

The public names are loaded when first used, so that importing the package stays fast.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "eqt_theory.core.certificate": ["Certificate", "CertificateRejected", "recheck"],
    "eqt_theory.core.claim": ["WHOLE", "Claim", "Reading", "Run"],
    "eqt_theory.core.errors": ["ContradictoryFindings", "ProverDisagreement", "UnsupportedEvidence", "UsageError"],
    "eqt_theory.core.domain": ["Ball", "Box", "WholeSpace"],
    "eqt_theory.core.finding": ["Finding"],
    "eqt_theory.core.verdict": ["Judgement", "Method", "Relation", "Role", "Verdict"],
    "eqt_theory.energies.latent.argmax_energy": ["Piece"],
    "eqt_theory.energies.base": ["Energy", "WeightedSum"],
    "eqt_theory.energies.latent.confidence": ["Confidence"],
    "eqt_theory.energies.curvature": ["Curvature"],
    "eqt_theory.energies.analytic.double_well": ["DoubleWell"],
    "eqt_theory.energies.analytic.function": ["FunctionEnergy"],
    "eqt_theory.energies.latent.heads": ["LinearHead", "MLPHead"],
    "eqt_theory.energies.analytic.logistic": ["Logistic"],
    "eqt_theory.energies.analytic.logsumexp": ["LogSumExp"],
    "eqt_theory.energies.latent.masked": ["MaskedMLP", "MaskedPrediction", "ResampledMaskedPrediction"],
    "eqt_theory.energies.latent.memory": ["CosineMemory", "EpisodicMemory"],
    "eqt_theory.energies.analytic.nesterov_worst": ["nesterov_worst"],
    "eqt_theory.energies.objective": ["Objective"],
    "eqt_theory.energies.latent.paper_energy": ["PaperWeights", "paper_energy"],
    "eqt_theory.energies.analytic.piecewise": ["PiecewiseCurvature", "heavy_ball_cycle"],
    "eqt_theory.energies.latent.predictive": ["PredictiveError"],
    "eqt_theory.energies.analytic.pseudo_huber": ["PseudoHuber"],
    "eqt_theory.energies.analytic.quadratic": ["Quadratic"],
    "eqt_theory.energies.analytic.residual": ["Consistency", "DenoiserResidual", "FixedPointResidual"],
    "eqt_theory.energies.latent.reverse": ["ReversePrediction"],
    "eqt_theory.energies.latent.reverse_transformer": ["ReverseTransformer"],
    "eqt_theory.energies.analytic.rosenbrock": ["Rosenbrock"],
    "eqt_theory.energies.analytic.softplus": ["SoftplusSum"],
    "eqt_theory.energies.analytic.weight_energy": ["WeightEnergy"],
    "eqt_theory.evidence.curvature": [
        "CurvatureEstimate",
        "LocalCertificate",
        "check_smoothness",
        "check_strong_convexity",
        "largest_gamma",
        "local_certificate",
        "measure_curvature",
    ],
    "eqt_theory.evidence.diagnosis": ["Diagnosis", "diagnose"],
    "eqt_theory.evidence.map": ["check_map"],
    "eqt_theory.evidence.rate.certify_class": ["certify_rate"],
    "eqt_theory.evidence.rate.contraction": ["check_contraction"],
    "eqt_theory.evidence.rate.estimate": ["RateEstimate"],
    "eqt_theory.evidence.rate.measure": ["measure_rate"],
    "eqt_theory.evidence.rate.realisation": ["Recurrence"],
    "eqt_theory.evidence.rate.trace": ["trace"],
    "eqt_theory.engines.smt": ["prove"],
    "eqt_theory.models.checkpoint": ["load_checkpoint", "save_checkpoint"],
    "eqt_theory.models.config": ["ModelConfig"],
    "eqt_theory.models.equilibrium": ["EquilibriumTransformer", "States"],
    "eqt_theory.models.standard": ["StandardTransformer"],
    "eqt_theory.solvers.anderson": ["Anderson"],
    "eqt_theory.solvers.autodiff": ["solve_implicit", "unroll"],
    "eqt_theory.solvers.backtracking": ["BacktrackingGradientDescent"],
    "eqt_theory.solvers.base": ["Solver", "StepRule"],
    "eqt_theory.solvers.conjugate_gradients": ["ConjugateGradients"],
    "eqt_theory.solvers.gradient_descent": ["GradientDescent"],
    "eqt_theory.solvers.guarantee": ["FunctionClass", "Guarantee", "Metric", "Sharpness"],
    "eqt_theory.solvers.heavy_ball": ["HeavyBall"],
    "eqt_theory.solvers.nesterov": ["Nesterov"],
    "eqt_theory.solvers.newton": ["Newton"],
    "eqt_theory.solvers.newton_cg": ["NewtonCG"],
    "eqt_theory.solvers.proximal_gradient": ["ProximalGradient"],
    "eqt_theory.solvers.proximal_point": ["ProximalPoint"],
    "eqt_theory.solvers.scheduled": ["ScheduledGradientDescent"],
    "eqt_theory.solvers.scipy_lbfgs": ["ScipyLBFGS"],
    "eqt_theory.solvers.solution": ["Solution", "Status"],
    "eqt_theory.solvers.solve": ["solve"],
    "eqt_theory.solvers.state": ["GradientState", "State"],
    "eqt_theory.solvers.stopping": ["EnergyBelow", "EntropyBudget", "Gap", "GradientNorm", "SmallStep", "StopRule"],
}
"""Module -> the public names that it defines."""

_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "testing":
        return import_module("eqt_theory.testing")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'eqt_theory' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__", "testing"]
