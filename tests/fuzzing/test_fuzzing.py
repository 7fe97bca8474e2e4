import eqt_theory as eqt
from fuzzing.calls import METHODS, callables, fuzz_calls, good
from fuzzing.hostile import TooSlow, Unshowable, limit, raises
from fuzzing.lines import fuzz_lines


def test_good_calls_are_good():
    for name, arguments in good().items():
        getattr(eqt, name)(**arguments)
    for call, arguments in METHODS.values():
        call(**arguments)


def test_hostile_calls_end_in_one_clear_error():
    figures = fuzz_calls(2 * len(callables()), seed=1)
    assert figures.raw == {}
    assert figures.outcomes["UsageError"] > 100


def test_hostile_command_lines_end_in_one_line():
    figures = fuzz_lines(40, seed=1)
    assert figures.raw == {}
    assert figures.outcomes["2"] > 15


def test_the_fuzzer_notices_a_raw_error(monkeypatch):
    def broken(steepness: float) -> float:
        return 1 / len(steepness)  # type: ignore[arg-type]

    monkeypatch.setattr("fuzzing.calls.good", lambda: {"Rosenbrock": {"steepness": 1.0}})
    monkeypatch.setattr("fuzzing.calls.METHODS", {})
    monkeypatch.setattr(eqt, "Rosenbrock", broken)
    figures = fuzz_calls(20, seed=0, only="Rosenbrock")
    assert figures.outcomes["raw"] > 5 and any(where.startswith("Rosenbrock: TypeError at ") for where in figures.raw)


def test_the_fuzzer_notices_a_traceback_and_a_hang(monkeypatch):
    from eqt_theory.cli import app as app_module

    def app(args: list[str], **_: object) -> None:
        print(1 / 0)

    monkeypatch.setattr(app_module, "app", app)
    figures = fuzz_lines(3, seed=0, only="plan")
    assert figures.outcomes["raw"] == 3 and all("ZeroDivisionError" in where for where in figures.raw)
    try:
        with limit(0.05):
            while True:
                pass
    except TooSlow:
        return
    raise AssertionError("nothing ended the loop")


def test_hostile_values_are_hostile():
    for call in (raises, lambda: repr(Unshowable()), lambda: float(Unshowable())):
        try:
            call()
        except Exception as error:
            assert type(error).__name__ == "OfTheUser"
        else:
            raise AssertionError
