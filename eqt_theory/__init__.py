"""Checks the theory behind energy-based latent refinement, claim by claim, and shows its evidence.

The public names are loaded when first used, so that importing the package stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:  # what type checkers see; the same names as in _HOME, loaded at once
    from eqt_theory import testing as testing
    from eqt_theory.core.certificate import Certificate as Certificate
    from eqt_theory.core.certificate import CertificateRejected as CertificateRejected
    from eqt_theory.core.certificate import recheck as recheck
    from eqt_theory.core.claim import WHOLE as WHOLE
    from eqt_theory.core.claim import Claim as Claim
    from eqt_theory.core.claim import Reading as Reading
    from eqt_theory.core.claim import Run as Run
    from eqt_theory.core.domain import Ball as Ball
    from eqt_theory.core.domain import Box as Box
    from eqt_theory.core.domain import WholeSpace as WholeSpace
    from eqt_theory.core.errors import ContradictoryFindings as ContradictoryFindings
    from eqt_theory.core.errors import ProverDisagreement as ProverDisagreement
    from eqt_theory.core.errors import UnsupportedEvidence as UnsupportedEvidence
    from eqt_theory.core.errors import UsageError as UsageError
    from eqt_theory.core.finding import Finding as Finding
    from eqt_theory.core.theorem import theorem as theorem
    from eqt_theory.core.verdict import Judgement as Judgement
    from eqt_theory.core.verdict import Method as Method
    from eqt_theory.core.verdict import Relation as Relation
    from eqt_theory.core.verdict import Role as Role
    from eqt_theory.core.verdict import Verdict as Verdict
    from eqt_theory.energies.analytic.double_well import DoubleWell as DoubleWell
    from eqt_theory.energies.analytic.function import FunctionEnergy as FunctionEnergy
    from eqt_theory.energies.analytic.hopfield import Hopfield as Hopfield
    from eqt_theory.energies.analytic.input_convex import InputConvexNetwork as InputConvexNetwork
    from eqt_theory.energies.analytic.logistic import Logistic as Logistic
    from eqt_theory.energies.analytic.logsumexp import LogSumExp as LogSumExp
    from eqt_theory.energies.analytic.nesterov_worst import nesterov_worst as nesterov_worst
    from eqt_theory.energies.analytic.network import NetworkEnergy as NetworkEnergy
    from eqt_theory.energies.analytic.piecewise import PiecewiseCurvature as PiecewiseCurvature
    from eqt_theory.energies.analytic.piecewise import heavy_ball_cycle as heavy_ball_cycle
    from eqt_theory.energies.analytic.pseudo_huber import PseudoHuber as PseudoHuber
    from eqt_theory.energies.analytic.quadratic import Quadratic as Quadratic
    from eqt_theory.energies.analytic.residual import Consistency as Consistency
    from eqt_theory.energies.analytic.residual import DenoiserResidual as DenoiserResidual
    from eqt_theory.energies.analytic.residual import FixedPointResidual as FixedPointResidual
    from eqt_theory.energies.analytic.rosenbrock import Rosenbrock as Rosenbrock
    from eqt_theory.energies.analytic.self_attention import SelfAttention as SelfAttention
    from eqt_theory.energies.analytic.softplus import SoftplusSum as SoftplusSum
    from eqt_theory.energies.analytic.weight_energy import WeightEnergy as WeightEnergy
    from eqt_theory.energies.base import Energy as Energy
    from eqt_theory.energies.base import WeightedSum as WeightedSum
    from eqt_theory.energies.curvature import Curvature as Curvature
    from eqt_theory.energies.latent.argmax_energy import Piece as Piece
    from eqt_theory.energies.latent.confidence import Confidence as Confidence
    from eqt_theory.energies.latent.coupled_chain import CoupledChain as CoupledChain
    from eqt_theory.energies.latent.heads import LinearHead as LinearHead
    from eqt_theory.energies.latent.heads import MLPHead as MLPHead
    from eqt_theory.energies.latent.masked import MaskedMLP as MaskedMLP
    from eqt_theory.energies.latent.masked import MaskedPrediction as MaskedPrediction
    from eqt_theory.energies.latent.masked import ResampledMaskedPrediction as ResampledMaskedPrediction
    from eqt_theory.energies.latent.memory import CosineMemory as CosineMemory
    from eqt_theory.energies.latent.memory import EpisodicMemory as EpisodicMemory
    from eqt_theory.energies.latent.paper_energy import PaperWeights as PaperWeights
    from eqt_theory.energies.latent.paper_energy import paper_energy as paper_energy
    from eqt_theory.energies.latent.position_ridge import PositionRidge as PositionRidge
    from eqt_theory.energies.latent.predictive import PredictiveError as PredictiveError
    from eqt_theory.energies.latent.reverse import ReversePrediction as ReversePrediction
    from eqt_theory.energies.latent.reverse_transformer import ReverseTransformer as ReverseTransformer
    from eqt_theory.energies.objective import Objective as Objective
    from eqt_theory.engines.existence import prove_exists as prove_exists
    from eqt_theory.engines.interval.on_box import show_on_box as show_on_box
    from eqt_theory.engines.slips import slip as slip
    from eqt_theory.engines.smt import prove as prove
    from eqt_theory.evidence.curvature import CurvatureEstimate as CurvatureEstimate
    from eqt_theory.evidence.curvature import LocalCertificate as LocalCertificate
    from eqt_theory.evidence.curvature import check_smoothness as check_smoothness
    from eqt_theory.evidence.curvature import check_strong_convexity as check_strong_convexity
    from eqt_theory.evidence.curvature import largest_gamma as largest_gamma
    from eqt_theory.evidence.curvature import local_certificate as local_certificate
    from eqt_theory.evidence.curvature import measure_curvature as measure_curvature
    from eqt_theory.evidence.diagnosis import Diagnosis as Diagnosis
    from eqt_theory.evidence.diagnosis import MapDiagnosis as MapDiagnosis
    from eqt_theory.evidence.diagnosis import diagnose as diagnose
    from eqt_theory.evidence.map import check_map as check_map
    from eqt_theory.evidence.multipliers import prove_by_multipliers as prove_by_multipliers
    from eqt_theory.evidence.operators.certify_lipschitz import certify_lipschitz as certify_lipschitz
    from eqt_theory.evidence.operators.jacobian import JacobianEstimate as JacobianEstimate
    from eqt_theory.evidence.operators.jacobian import measure_jacobian as measure_jacobian
    from eqt_theory.evidence.operators.lipschitz import check_lipschitz as check_lipschitz
    from eqt_theory.evidence.operators.monotone import check_monotone as check_monotone
    from eqt_theory.evidence.rate.attained_rate import rate_attained as rate_attained
    from eqt_theory.evidence.rate.bound_after import bound_after as bound_after
    from eqt_theory.evidence.rate.certify_class import certify_rate as certify_rate
    from eqt_theory.evidence.rate.claimed_rate import rate as rate
    from eqt_theory.evidence.rate.contraction import check_contraction as check_contraction
    from eqt_theory.evidence.rate.estimate import RateEstimate as RateEstimate
    from eqt_theory.evidence.rate.measure import measure_rate as measure_rate
    from eqt_theory.evidence.rate.prove_rate import prove_rate as prove_rate
    from eqt_theory.evidence.rate.realisation import Recurrence as Recurrence
    from eqt_theory.evidence.rate.trace import trace as trace
    from eqt_theory.models.checkpoint import load_checkpoint as load_checkpoint
    from eqt_theory.models.checkpoint import save_checkpoint as save_checkpoint
    from eqt_theory.models.config import ModelConfig as ModelConfig
    from eqt_theory.models.coupled import CoupledTransformer as CoupledTransformer
    from eqt_theory.models.coupled_certificate import CoupledCertificate as CoupledCertificate
    from eqt_theory.models.coupled_config import CoupledConfig as CoupledConfig
    from eqt_theory.models.coupled_config import Coupling as Coupling
    from eqt_theory.models.equilibrium import EquilibriumTransformer as EquilibriumTransformer
    from eqt_theory.models.equilibrium import States as States
    from eqt_theory.models.standard import StandardTransformer as StandardTransformer
    from eqt_theory.operators.affine import Affine as Affine
    from eqt_theory.operators.fixed_point import FixedPoint as FixedPoint
    from eqt_theory.operators.inclusion import Inclusion as Inclusion
    from eqt_theory.solvers.anchored_gradient import AnchoredGradient as AnchoredGradient
    from eqt_theory.solvers.anderson import Anderson as Anderson
    from eqt_theory.solvers.autodiff import solve_implicit as solve_implicit
    from eqt_theory.solvers.autodiff import unroll as unroll
    from eqt_theory.solvers.backtracking import BacktrackingGradientDescent as BacktrackingGradientDescent
    from eqt_theory.solvers.base import Solver as Solver
    from eqt_theory.solvers.base import StepRule as StepRule
    from eqt_theory.solvers.chebyshev import Chebyshev as Chebyshev
    from eqt_theory.solvers.conjugate_gradients import ConjugateGradients as ConjugateGradients
    from eqt_theory.solvers.douglas_rachford import DouglasRachford as DouglasRachford
    from eqt_theory.solvers.douglas_rachford import PeacemanRachford as PeacemanRachford
    from eqt_theory.solvers.fista import FISTA as FISTA
    from eqt_theory.solvers.forward_backward import ForwardBackward as ForwardBackward
    from eqt_theory.solvers.gradient_descent import GradientDescent as GradientDescent
    from eqt_theory.solvers.guarantee import FunctionClass as FunctionClass
    from eqt_theory.solvers.guarantee import Guarantee as Guarantee
    from eqt_theory.solvers.guarantee import Metric as Metric
    from eqt_theory.solvers.guarantee import OperatorClass as OperatorClass
    from eqt_theory.solvers.guarantee import Sharpness as Sharpness
    from eqt_theory.solvers.halpern import Halpern as Halpern
    from eqt_theory.solvers.heavy_ball import HeavyBall as HeavyBall
    from eqt_theory.solvers.item import ITEM as ITEM
    from eqt_theory.solvers.krasnoselskii_mann import KrasnoselskiiMann as KrasnoselskiiMann
    from eqt_theory.solvers.krasnoselskii_mann import Picard as Picard
    from eqt_theory.solvers.lookahead import Lookahead as Lookahead
    from eqt_theory.solvers.nesterov import Nesterov as Nesterov
    from eqt_theory.solvers.newton import Newton as Newton
    from eqt_theory.solvers.newton_cg import NewtonCG as NewtonCG
    from eqt_theory.solvers.ogm import OGM as OGM
    from eqt_theory.solvers.problem import Problem as Problem
    from eqt_theory.solvers.proximal_gradient import ProximalGradient as ProximalGradient
    from eqt_theory.solvers.proximal_point import ProximalPoint as ProximalPoint
    from eqt_theory.solvers.scheduled import ScheduledGradientDescent as ScheduledGradientDescent
    from eqt_theory.solvers.scipy_lbfgs import ScipyLBFGS as ScipyLBFGS
    from eqt_theory.solvers.solution import Solution as Solution
    from eqt_theory.solvers.solution import Status as Status
    from eqt_theory.solvers.solve import solve as solve
    from eqt_theory.solvers.state import GradientState as GradientState
    from eqt_theory.solvers.state import State as State
    from eqt_theory.solvers.stopping import EnergyBelow as EnergyBelow
    from eqt_theory.solvers.stopping import EntropyBudget as EntropyBudget
    from eqt_theory.solvers.stopping import Gap as Gap
    from eqt_theory.solvers.stopping import GradientNorm as GradientNorm
    from eqt_theory.solvers.stopping import SmallStep as SmallStep
    from eqt_theory.solvers.stopping import StopRule as StopRule
    from eqt_theory.solvers.triple_momentum import TripleMomentum as TripleMomentum

_HOME = {
    "eqt_theory.core.certificate": ["Certificate", "CertificateRejected", "recheck"],
    "eqt_theory.core.claim": ["WHOLE", "Claim", "Reading", "Run"],
    "eqt_theory.core.errors": ["ContradictoryFindings", "ProverDisagreement", "UnsupportedEvidence", "UsageError"],
    "eqt_theory.core.domain": ["Ball", "Box", "WholeSpace"],
    "eqt_theory.core.finding": ["Finding"],
    "eqt_theory.core.theorem": ["theorem"],
    "eqt_theory.core.verdict": ["Judgement", "Method", "Relation", "Role", "Verdict"],
    "eqt_theory.energies.latent.argmax_energy": ["Piece"],
    "eqt_theory.energies.base": ["Energy", "WeightedSum"],
    "eqt_theory.energies.latent.confidence": ["Confidence"],
    "eqt_theory.energies.latent.coupled_chain": ["CoupledChain"],
    "eqt_theory.energies.curvature": ["Curvature"],
    "eqt_theory.energies.analytic.double_well": ["DoubleWell"],
    "eqt_theory.energies.analytic.function": ["FunctionEnergy"],
    "eqt_theory.energies.latent.heads": ["LinearHead", "MLPHead"],
    "eqt_theory.energies.analytic.hopfield": ["Hopfield"],
    "eqt_theory.energies.analytic.input_convex": ["InputConvexNetwork"],
    "eqt_theory.energies.analytic.network": ["NetworkEnergy"],
    "eqt_theory.energies.analytic.logistic": ["Logistic"],
    "eqt_theory.energies.analytic.logsumexp": ["LogSumExp"],
    "eqt_theory.energies.latent.masked": ["MaskedMLP", "MaskedPrediction", "ResampledMaskedPrediction"],
    "eqt_theory.energies.latent.memory": ["CosineMemory", "EpisodicMemory"],
    "eqt_theory.energies.analytic.nesterov_worst": ["nesterov_worst"],
    "eqt_theory.energies.objective": ["Objective"],
    "eqt_theory.energies.latent.paper_energy": ["PaperWeights", "paper_energy"],
    "eqt_theory.energies.analytic.piecewise": ["PiecewiseCurvature", "heavy_ball_cycle"],
    "eqt_theory.energies.latent.position_ridge": ["PositionRidge"],
    "eqt_theory.energies.latent.predictive": ["PredictiveError"],
    "eqt_theory.energies.analytic.pseudo_huber": ["PseudoHuber"],
    "eqt_theory.energies.analytic.quadratic": ["Quadratic"],
    "eqt_theory.energies.analytic.residual": ["Consistency", "DenoiserResidual", "FixedPointResidual"],
    "eqt_theory.energies.latent.reverse": ["ReversePrediction"],
    "eqt_theory.energies.latent.reverse_transformer": ["ReverseTransformer"],
    "eqt_theory.energies.analytic.rosenbrock": ["Rosenbrock"],
    "eqt_theory.energies.analytic.self_attention": ["SelfAttention"],
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
    "eqt_theory.evidence.diagnosis": ["Diagnosis", "MapDiagnosis", "diagnose"],
    "eqt_theory.evidence.map": ["check_map"],
    "eqt_theory.evidence.multipliers": ["prove_by_multipliers"],
    "eqt_theory.evidence.operators.jacobian": ["JacobianEstimate", "measure_jacobian"],
    "eqt_theory.evidence.operators.certify_lipschitz": ["certify_lipschitz"],
    "eqt_theory.evidence.operators.lipschitz": ["check_lipschitz"],
    "eqt_theory.evidence.operators.monotone": ["check_monotone"],
    "eqt_theory.evidence.rate.attained_rate": ["rate_attained"],
    "eqt_theory.evidence.rate.bound_after": ["bound_after"],
    "eqt_theory.evidence.rate.certify_class": ["certify_rate"],
    "eqt_theory.evidence.rate.claimed_rate": ["rate"],
    "eqt_theory.evidence.rate.contraction": ["check_contraction"],
    "eqt_theory.evidence.rate.estimate": ["RateEstimate"],
    "eqt_theory.evidence.rate.measure": ["measure_rate"],
    "eqt_theory.evidence.rate.prove_rate": ["prove_rate"],
    "eqt_theory.evidence.rate.realisation": ["Recurrence"],
    "eqt_theory.evidence.rate.trace": ["trace"],
    "eqt_theory.engines.existence": ["prove_exists"],
    "eqt_theory.engines.interval.on_box": ["show_on_box"],
    "eqt_theory.engines.slips": ["slip"],
    "eqt_theory.engines.smt": ["prove"],
    "eqt_theory.models.checkpoint": ["load_checkpoint", "save_checkpoint"],
    "eqt_theory.models.config": ["ModelConfig"],
    "eqt_theory.models.coupled": ["CoupledTransformer"],
    "eqt_theory.models.coupled_certificate": ["CoupledCertificate"],
    "eqt_theory.models.coupled_config": ["CoupledConfig", "Coupling"],
    "eqt_theory.models.equilibrium": ["EquilibriumTransformer", "States"],
    "eqt_theory.models.standard": ["StandardTransformer"],
    "eqt_theory.operators.affine": ["Affine"],
    "eqt_theory.operators.fixed_point": ["FixedPoint"],
    "eqt_theory.operators.inclusion": ["Inclusion"],
    "eqt_theory.solvers.anchored_gradient": ["AnchoredGradient"],
    "eqt_theory.solvers.anderson": ["Anderson"],
    "eqt_theory.solvers.autodiff": ["solve_implicit", "unroll"],
    "eqt_theory.solvers.backtracking": ["BacktrackingGradientDescent"],
    "eqt_theory.solvers.base": ["Solver", "StepRule"],
    "eqt_theory.solvers.chebyshev": ["Chebyshev"],
    "eqt_theory.solvers.conjugate_gradients": ["ConjugateGradients"],
    "eqt_theory.solvers.douglas_rachford": ["DouglasRachford", "PeacemanRachford"],
    "eqt_theory.solvers.fista": ["FISTA"],
    "eqt_theory.solvers.forward_backward": ["ForwardBackward"],
    "eqt_theory.solvers.gradient_descent": ["GradientDescent"],
    "eqt_theory.solvers.guarantee": ["FunctionClass", "Guarantee", "Metric", "OperatorClass", "Sharpness"],
    "eqt_theory.solvers.halpern": ["Halpern"],
    "eqt_theory.solvers.heavy_ball": ["HeavyBall"],
    "eqt_theory.solvers.item": ["ITEM"],
    "eqt_theory.solvers.krasnoselskii_mann": ["KrasnoselskiiMann", "Picard"],
    "eqt_theory.solvers.lookahead": ["Lookahead"],
    "eqt_theory.solvers.nesterov": ["Nesterov"],
    "eqt_theory.solvers.newton": ["Newton"],
    "eqt_theory.solvers.newton_cg": ["NewtonCG"],
    "eqt_theory.solvers.ogm": ["OGM"],
    "eqt_theory.solvers.problem": ["Problem"],
    "eqt_theory.solvers.proximal_gradient": ["ProximalGradient"],
    "eqt_theory.solvers.proximal_point": ["ProximalPoint"],
    "eqt_theory.solvers.scheduled": ["ScheduledGradientDescent"],
    "eqt_theory.solvers.scipy_lbfgs": ["ScipyLBFGS"],
    "eqt_theory.solvers.solution": ["Solution", "Status"],
    "eqt_theory.solvers.solve": ["solve"],
    "eqt_theory.solvers.state": ["GradientState", "State"],
    "eqt_theory.solvers.stopping": ["EnergyBelow", "EntropyBudget", "Gap", "GradientNorm", "SmallStep", "StopRule"],
    "eqt_theory.solvers.triple_momentum": ["TripleMomentum"],
}
"""Module -> the public names that it defines."""

_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)  # pyright: ignore[reportUnsupportedDunderAll]


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

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
