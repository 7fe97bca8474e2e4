"""Property-based checks: Hypothesis draws cases, looks for one that violates a statement, and shrinks it."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.claim import Run
from eqt_theory.core.finding import Finding, Replay, inconclusive
from eqt_theory.core.verdict import Method, Verdict

try:
    from hypothesis.internal.conjecture import providers
except ImportError:  # an older version
    providers = None

Case = TypeVar("Case")


class Ended(BaseException):
    """Raised by `violation` to end the search; no Exception, so that Hypothesis does not take it for a failing case."""


class _Violation(Exception):
    """Raised inside Hypothesis so that it shrinks the case."""


def property_check(
    strategy: SearchStrategy[Case],
    violation: Callable[[Case], bool | None],
    *,
    replay: Callable[[Case], Replay],
    run: Run,
    examples: int | None = None,
    describe: Callable[[Case], Mapping[str, Any]] | None = None,
    detail: str = "",
    shrink: bool = True,
) -> Finding:
    """Draw cases and look for one that violates the statement; shrink it and replay it.

    Args:
        strategy: draws cases on which the hypotheses of the statement hold.
        violation: whether the case violates the conclusion; None where the case says nothing; raises `Ended` to draw
            no further one.
        replay: hypotheses and conclusion at a case, computed by other code than `violation`.
        run: seed and number of examples.
        examples: overrides the number of examples of the run.
        describe: the witness as `{name: value}`; default: the case itself.
        detail: what the statement says, for the finding.
        shrink: whether to look for a smaller case once one violates; else the first one is the witness.

    Returns:
        REFUTED with the shrunk case when the replay confirms it; SUPPORTED with the number of cases that
        said something when none violates; INCONCLUSIVE when nothing was tried, a case raised, the same case gave
        different answers, or the replay does not confirm.
    """
    tried = 0
    smallest: list[Case] = []
    broken: list[Exception] = []
    count = run.examples if examples is None else examples
    about = f"{detail}: " if detail else ""
    if count < 1:
        return inconclusive(Method.PROPERTY, f"{about}{count} cases were asked for, so none was drawn")

    options = settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
        phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if shrink else ())),
        verbosity=hypothesis.Verbosity.quiet,
    )

    def judge(case: Case) -> None:
        nonlocal tried
        try:
            violated = violation(case)
        except UnsatisfiedAssumption:
            raise
        except Exception as error:  # a case that raises is neither a pass nor a violation
            broken.append(error)
            raise
        if violated is None:
            hypothesis.reject()
        tried += 1
        if violated:
            smallest[:] = [case]
            raise _Violation

    def search() -> None:
        hypothesis.seed(run.seed)(options(given(strategy)(judge)))()

    try:
        with _no_constants_of_modules():
            _outside_other_tests(search)
    except (_Violation, Ended):
        pass
    except Unsatisfiable:
        return inconclusive(Method.PROPERTY, f"{about}no usable case was drawn")
    except Flaky:
        reason = "the check is not deterministic: the same case gave different answers"
        return inconclusive(Method.PROPERTY, f"{about}{reason}", examples=tried)
    except Exception as error:
        reason = broken[-1] if broken else error
        return inconclusive(Method.PROPERTY, f"{about}a case raised {type(reason).__name__}: {reason}", examples=tried)
    if not smallest:
        if not tried:
            return inconclusive(Method.PROPERTY, f"{about}no usable case was drawn")
        text = f"{about}no violation in {tried} cases drawn"
        return Finding(Verdict.SUPPORTED, Method.PROPERTY, text, examples=tried)

    case = smallest[0]
    witness = dict(describe(case)) if describe is not None else {"case": case}
    shown = ", ".join(f"{name} = {value}" for name, value in witness.items())
    try:
        again = replay(case)
    except Exception as error:
        return inconclusive(Method.PROPERTY, f"{about}the replay of {shown} raised {type(error).__name__}: {error}")
    if not again.confirms:
        return inconclusive(Method.PROPERTY, f"{about}a violation was found that the replay does not confirm: {shown}")
    failing = next(line for line in again.conclusions if not line.holds)
    text = f"{about}fails at {shown}: {failing.text}" + (f" would say {failing.margin}" if failing.margin else "")
    return Finding(Verdict.REFUTED, Method.PROPERTY, text, witness=witness, replay=again, examples=tried)


def _outside_other_tests(search: Callable[[], None]) -> None:
    """Run a search; in a thread of its own where another Hypothesis test is running, which refuses a test inside it."""
    if not hypothesis.currently_in_test_context():
        search()
        return
    with ThreadPoolExecutor(max_workers=1) as worker:
        worker.submit(search).result()


@contextmanager
def _no_constants_of_modules() -> Iterator[None]:
    """Keep Hypothesis from drawing constants that it finds in the source of the modules loaded so far.

    With them the cases would depend on what else was imported, not on the seed alone, and a folder would be written.
    Versions that do not collect constants need nothing.
    """
    names = ("_get_local_constants", "CONSTANTS_CACHE")
    missing = not all(hasattr(providers, name) for name in (*names, "Constants"))
    if missing or getattr(providers, names[0]) is _none:  # the latter inside another property check
        yield
        return
    kept = [getattr(providers, name) for name in names]
    for name, value in zip(names, (_none, type(kept[1])(1024)), strict=True):
        setattr(providers, name, value)
    try:
        yield
    finally:
        for name, value in zip(names, kept, strict=True):
            setattr(providers, name, value)


def _none() -> Any:
    return providers.Constants()  # pyright: ignore
