"""Command lines with hostile values of the commands' own parameters, in folders with hostile files."""
# ruff: noqa: E501  tables of values

import collections
import contextlib
import io
import os
import random
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from eqt_theory.cli import main as main_module
from eqt_theory.cli.app import app
from fuzzing.calls import Figures
from fuzzing.hostile import TooSlow, limit
from fuzzing.world import World

SECONDS = 120.0
NUMBERS = [
    "-1", "0", "1", "2", "3", "9" * 30, "9" * 5000, str(2**63), str(2**63 - 1), "-" + "9" * 30, "0.5", "-0.5", "1e-300",
    "5e-324", "1e308", "1e400", "-1e308", "nan", "inf", "-inf", "x", "", " ", "1_000", "0x10", "1,2", "²", "１", "\x1b[31m",
]  # fmt: skip
TEXTS = ["", " ", "-", "--", "x", "a\0b", "\udc80", "\x1b[31mred", "é", "../..", "/", ".", "x" * 300, "a:b", ":", "a:", ":b",
         "json:dumps", "sample:solver", "sample:energy", "sample:raises", "sample:property.x", "sample:nothing", "bad:x",
         "exits:x", "generator:x", "mute:x", "1:2", "a.b:c.d", "sample:", "os:environ", "sample:Class"]  # fmt: skip
PATHS = ["claims", "study", "checkpoint", "standard", "bad_checkpoint", "file", "pipe", "loop", "nowhere", "-", "", ".",
         "/", "no/where", "x" * 300, "a\0b", "/dev/null", "/dev/full", "/proc/nope", "out", "out.html", "out.svg", "\udc80",
         "\x1b[31m", "~", "sample.py", "/dev/stdout", "out/deep/er"]  # fmt: skip
LIKELY = {
    "proofs": ["claims"], "checkpoint": ["checkpoint", "bad_checkpoint", "standard"], "folder": ["study", "out"],
    "json": ["-", "out"], "junit": ["-", "out"], "markdown": ["-", "out"], "html": ["out", "out.html"], "smtlib": ["out"],
    "plots": ["out"], "lengths": ["4", "4,5", "0", "4,4", "9" * 40, "x", "4,", "²"], "seeds": ["1", "2"], "epochs": ["1"],
    "claims": ["a", "m", "b"], "claim": ["a", "m", "l", "theorem-1"], "tokens": ["8", "9"], "length": ["4", "3"], "dim": ["2", "3"],
    "samples": ["8"], "examples": ["1"], "seed": ["0", "1"], "device": ["cpu"], "mu": ["1", "-0.5"], "lipschitz": ["2"],
    "gamma": ["1"], "paths": ["claims", "claims/certificates", "study"], "jobs": ["1"], "timeout": ["2"], "step_size": ["0.1"], "solver": ["sample:solver"], "energy": ["sample:energy"], "threads": ["1"],
}  # fmt: skip
"""What makes a command go on to its work, so that hostile values reach it."""


def arguments(rng: random.Random, name: str, command: Any) -> list[str]:
    """A command line of a command: each parameter given or not, its value likely or hostile."""
    line = [name]
    after = []
    for parameter in command.params:
        required = parameter.required or parameter.param_type_name == "argument"
        if not required and rng.random() < 0.65:
            continue
        likely = LIKELY.get(parameter.name)
        if likely is not None and rng.random() < 0.75:
            value = rng.choice(likely)
        else:
            value = rng.choice(rng.choice([NUMBERS, TEXTS, PATHS]))
        if parameter.param_type_name == "argument":
            after += [value] * (parameter.nargs if parameter.nargs > 1 else 1)
        elif getattr(parameter, "is_flag", False):
            line.append(parameter.opts[0])
        else:
            line += [parameter.opts[0], value] if rng.random() < 0.9 else [f"{parameter.opts[0]}={value}"]
    if "--proofs" in command_options(command) and not any(part.startswith("--proofs") for part in line):
        line += ["--proofs", "claims"]
    if rng.random() < 0.05:
        after.append(rng.choice(TEXTS))
    return [*line, *after]


def command_options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@contextlib.contextmanager
def _small() -> Iterator[None]:
    """A study of seconds, and batteries of few cases: what is tried here is how they are asked for."""
    from eqt_theory.models.config import ModelConfig
    from eqt_theory.models.study import cost, study
    from eqt_theory.models.study.training import Recipe

    config = ModelConfig(width=4, heads=2, layers=1, window=2, head_width=4)
    tiny = study.StudySettings(config, Recipe(epochs=1, batch=8), training_size=16, test_size=8)
    before = study.miniature_settings, study.paper_settings, cost.measure_costs
    study.miniature_settings = study.paper_settings = lambda: tiny
    cost.measure_costs = lambda _, lengths, *rest: before[2](config, lengths[:1], (0, 1), *rest[1:])  # type: ignore[misc]
    try:
        yield
    finally:
        study.miniature_settings, study.paper_settings, cost.measure_costs = before


def fuzz_lines(count: int, seed: int, only: str = "") -> Figures:
    """Run command lines in this process.

    Args:
        count: how many.
        seed: of the choice.
        only: a command to run alone.

    Returns:
        The figures: "0", "1", "2", "130" by exit status; "raw" for a traceback, a second line or an error of ours.
    """
    rng = random.Random(seed)
    figures = Figures(collections.Counter(), {})
    commands = {name: command for name, command in get_command(app).commands.items() if not only or name == only}  # type: ignore[attr-defined]
    heavy = {"check-solver": 0.01, "check-energy": 0.2, "check-operator": 0.2}
    names = sorted(commands)
    weights = [heavy.get(name, 1.0) if not only else 1.0 for name in names]
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, _small():
        world = World(Path(folder))
        os.chdir(folder)
        try:
            for _ in range(count):
                world.renew(rng)
                name = rng.choices(names, weights)[0]
                _one(figures, arguments(rng, name, commands[name]))
        finally:
            os.chdir(home)
    return figures


def _one(figures: Figures, line: list[str]) -> None:
    sys_path, modules = list(sys.path), set(sys.modules)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    status: object = None
    try:
        with (
            limit(SECONDS),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            warnings.simplefilter("ignore")
            main_module.main(line)
    except SystemExit as error:
        status = error.code
    except TooSlow:
        figures.raw.setdefault(f"{line[0]}: slow", " ".join(line)[:300])
        figures.outcomes["slow"] += 1
        return
    except BaseException as error:
        figures.raw.setdefault(f"{line[0]}: {type(error).__name__} left main", repr(line)[:300])
        figures.outcomes["raw"] += 1
        return
    finally:
        sys.path[:] = sys_path
        for name in set(sys.modules) - modules:
            if name in ("sample", "bad", "exits", "generator", "mute"):
                del sys.modules[name]
    said, told = (stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err))  # type: ignore[attr-defined]
    bad = _wrong(status, said, told)
    if bad:
        figures.raw.setdefault(f"{line[0]}: {bad}"[:300], repr(line)[:400])
        figures.outcomes["raw"] += 1
    else:
        figures.outcomes[str(status)] += 1


def _wrong(status: object, out: str, err: str) -> str:
    """Why this is no good end of a command; empty where it is one."""
    if "Traceback (most recent" in out + err:
        return "traceback"
    bug = re.search(r"a bug in eqt-theory, please report it: (.{0,160})", err)
    if bug:
        return f"bug {bug.group(1)}"
    if status not in (0, 1, 2, 130):
        return f"status {status!r}"
    if status == 2 and (out or len(err.splitlines()) != 1 or not err.startswith("eqt-theory: ")):
        return f"usage error of {len(err.splitlines())} lines, {len(out)} characters on standard output"
    acting = set(out + err) & {"\x1b", "\x9b", "\x07", "\r"}
    return f"control codes {sorted(acting)}" if acting else ""
