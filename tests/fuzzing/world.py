"""A folder of good and hostile files for the command lines to run in."""
# ruff: noqa: E501  tables of values

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

import eqt_theory as eqt

CLAIM = """
from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
claim = Claim(id="{0}", source="s", statement="t")
@claim.shows("all")
def sums() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 + 1 is 2", enclosures={{"sum": 2}})
"""
CLAIMS = {
    "good": CLAIM.format("a"),
    "mark": "\ufeff" + CLAIM.format("a"),
    "base": "raise BaseException('x')",
    "generator": "raise GeneratorExit",
    "exits": "raise SystemExit(0)",
    "mute": "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
    "mute_check": CLAIM.format("m") + "@claim.shows('s')\ndef c():\n    class E(Exception):\n"
    "        def __str__(self): raise RuntimeError\n    raise E\n",
    "leaves": CLAIM.format("l") + "@claim.shows('s')\ndef c():\n    raise GeneratorExit\n",
    "half": CLAIM.format("h") + "@claim.shows('s')\ndef c():\n    raise ValueError('\\ud800 \\x1b[31m')\n",
    "wrong": CLAIM.format("w") + "@claim.shows('s')\ndef c():\n    return 3\n",
    "syntax": "def f(:",
    "null": "\0",
    "deep": "(" * 300 + ")" * 300,
    "long": "x = " + "9" * 5000,
    "latin": "# -*- coding: latin-1 -*-\nx = 'é'",
    "empty": "",
    "titles": CLAIM.format("t").replace('statement="t"', 'statement="t", title="\\x1b]0;x\\x07 \\ud800 |<script>"'),
    "hash": "class H:\n    def __eq__(self, other): raise ValueError\n    __hash__ = None\nh = H()\n"
    + CLAIM.format("e"),
}
NAMES = ["a", "b", "²_x", "１", "a b", "x" * 200, "é", "\udc80", "a\x1b[31m", "class", "1", "__init__", "-"]
RECORDS: list[bytes] = [
    b'{"a": "holds"}', b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b"[]", b"null", b'{"a": 1}', b'{"a": null}', b"",
    b'\xef\xbb\xbf{"a": "holds"}', b'{"a": "\\ud800"}', b'{"a": "\\u001b[31m"}', b'{"a": {"judgement": "holds"}}',
    b'{"a": "holds", "a": "false"}', b"NaN", b'{"version": 99}', b'{"a": ["holds"]}', b"\x00" * 100,
]  # fmt: skip
MANIFESTS: list[bytes] = [
    b'title = "t"\nsymbols = {x = ["positive"]}',
    b'symbols = {x = ["positive", "negative"]}',
    b'symbols = {x = ["foo"]}',
    b'symbols = {"" = ["real"]}',
    b"title = 3",
    b"\xff",
    b"= [",
    b'title = "\\u001b[31m\\u202e"',
    b'link = "javascript:x"',
    b"symbols = 1",
    b"x = " + b"9" * 5000,
    b"a = " + b"[" * 100_000,
    b"\xef\xbb\xbftitle = 't'",
    b"authors = [1]",
]
CERTIFICATES: list[bytes] = [
    b"{}",
    b"[]",
    b'{"kind": "collection", "certificates": []}',
    b'{"kind": "collection", "certificates": [1]}',
    b"\xff",
    b'{"kind": "collection", "certificates": [{"text": "x"}]}',
    b'{"kind": "contradiction"}',
    b'{"kind": ["x"]}',
    b"1" * 5000,
    b"[" * 100_000,
    b'{"a": 1, "a": 2}',
    b'{"kind": "\\u001b[31m"}',
    b'{"kind": "\\ud800"}',
    b'{"kind": 1.5}',
    b'{"kind": "rate", "m": "1/0"}',
    b'{"kind": "point", "text": "(assert true)"}',
    b'{"certificates": {}}',
    b"",
]
RUN = {
    "key": "k", "arm": "standard", "length": 4, "seed": 0, "parameters": 1, "losses": [0.5], "accuracy": [0.5] * 4,
    "flips": [0] * 4, "positions": 8, "correct": [1, 2], "seconds": 0.1, "device": "cpu",
}  # fmt: skip


def hostile_json(rng: random.Random, good: dict[str, Any]) -> bytes:
    """A JSON object of which one value, or everything, is something else."""
    values: list[Any] = [None, True, -1, 0, 1.5, 1e308, float("nan"), 10**400, 10**12, "", "x", "\ud800", [], [1], [None],
                         {}, {"a": 1}, [[[]]], "\x1b[31m", 2**63, [1] * 3, "equilibrium", "9" * 5000]  # fmt: skip
    if rng.random() < 0.2:
        return rng.choice(RECORDS)
    changed = json.loads(json.dumps(good))
    place = changed
    while True:
        key = rng.choice(sorted(place)) if place else "x"
        if isinstance(place.get(key), dict) and rng.random() < 0.7:
            place = place[key]
            continue
        if rng.random() < 0.2:
            place.pop(key, None)
        else:
            place[rng.choice([key, key, key, "unknown"])] = rng.choice(values)
        return json.dumps(changed).encode("utf-8", "surrogatepass")


class World:
    """A folder to run in, with good and hostile files; a few are written anew for each line.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sample.py").write_text(
            "import torch, eqt_theory as eqt\n"
            "def solver(phi, h): return h - 0.1 * phi.gradient(h)\n"
            "def energy(h): return h.square().sum()\n"
            "def raises(*a): raise ValueError('\\x1b[31m')\n"
            "class P:\n    @property\n    def x(self): raise RuntimeError('no')\n"
            "property = P()\nClass = eqt.Newton\n"
        )
        for name, text in {"bad": "1 / 0", "exits": "raise SystemExit(0)", "generator": "raise GeneratorExit",
                           "mute": CLAIMS["mute"]}.items():  # fmt: skip
            (folder / f"{name}.py").write_text(text)
        self.config = eqt.ModelConfig(width=4, heads=2, layers=1, window=2, head_width=4, steps_test=2)
        eqt.save_checkpoint(eqt.EquilibriumTransformer(self.config), folder / "checkpoint", length=4)
        eqt.save_checkpoint(eqt.StandardTransformer(self.config), folder / "standard")
        self.described = json.loads((folder / "checkpoint" / "config.json").read_text())
        (folder / "file").write_text("x")
        os.mkfifo(folder / "pipe")
        (folder / "loop").symlink_to("loop")
        (folder / "nowhere").symlink_to("gone/x")

    def renew(self, rng: random.Random) -> None:
        """Write the claims, the record, the runs and a checkpoint anew."""
        claims = self.folder / "claims"
        shutil.rmtree(claims, ignore_errors=True)
        claims.mkdir()
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            name, text = rng.choice(NAMES), rng.choice([*CLAIMS.values(), CLAIMS["good"]])
            (claims / f"{name}.py").write_text(text, "utf-8" if "\0" not in text else "latin-1")
        if rng.random() < 0.1:
            os.mkfifo(claims / "pipe.py")
        if rng.random() < 0.1:
            (claims / "folder.py").mkdir()
        if rng.random() < 0.6:
            (claims / "judgements.json").write_bytes(rng.choice(RECORDS))
        if rng.random() < 0.2:
            (claims / "manifest.toml").write_bytes(rng.choice(MANIFESTS))
        if rng.random() < 0.3:
            (claims / "certificates").mkdir()
            (claims / "certificates" / "a.json").write_bytes(rng.choice(CERTIFICATES))
        study = self.folder / "study"
        shutil.rmtree(study, ignore_errors=True)
        study.mkdir()
        lines = [hostile_json(rng, {**RUN, "length": n}) for n in (4, 5)]
        (study / "runs.jsonl").write_bytes(b"\n".join(lines) + rng.choice([b"", b"\n"]))
        bad = self.folder / "bad_checkpoint"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(self.folder / "checkpoint", bad)
        if rng.random() < 0.7:
            (bad / "config.json").write_bytes(hostile_json(rng, self.described))
        else:
            self._weights(rng, bad / "model.safetensors")

    def _weights(self, rng: random.Random, file: Path) -> None:

        kind = rng.choice(["bytes", "cut", "dtype", "names", "nan", "none"])
        if kind == "bytes":
            file.write_bytes(rng.choice([b"", b"\x00" * 8, b"\xff" * 100, b"\x10\x00\x00\x00\x00\x00\x00\x00{}"]))
            return
        if kind == "cut":
            file.write_bytes(file.read_bytes()[: rng.randrange(400)])
            return
        state = load_file(file)
        name = rng.choice(sorted(state))
        if kind == "dtype":
            every = rng.random() < 0.5
            dtype = rng.choice([torch.int64, torch.bool, torch.complex64, torch.float16, torch.bfloat16, torch.float64,
                                torch.uint8, torch.float8_e4m3fn])  # fmt: skip
            state = {key: value.to(dtype) if every or key == name else value for key, value in state.items()}
        elif kind == "names":
            state["\x1b[31mx\x07"] = state.pop(name)
        elif kind == "nan":
            state[name] = torch.full_like(state[name], rng.choice([float("nan"), float("inf"), 1e30, 0.0]))
        else:
            state = {}
        save_file(state, file)
