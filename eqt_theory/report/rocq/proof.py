"""A certificate of contradiction as a lemma of Rocq: its tree becomes the proof, node by node."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eqt_theory.kernel.polynomial import Polynomial, add, powers, scale, substitute, value_of
from eqt_theory.kernel.smtlib import expression, term
from eqt_theory.report.rocq.statement import Normal, Writer, rocq_names

HEAD = """\
(* Statements are transcribed term by term from the SMT-LIB texts: the assertions of each cannot hold together. *)
Require Import Reals Lra Classical.
Open Scope R_scope.
Lemma below l r : l < r -> 0 < r - l. Proof. lra. Qed.
Lemma at_most l r : l <= r -> 0 <= r - l. Proof. lra. Qed.
Lemma above l r : l > r -> 0 < l - r. Proof. lra. Qed.
Lemma at_least l r : l >= r -> 0 <= l - r. Proof. lra. Qed.
Lemma same l r : l = r -> l - r = 0. Proof. lra. Qed.
Lemma not_below l r : ~ l < r -> 0 <= l - r. Proof. lra. Qed.
Lemma not_at_most l r : ~ l <= r -> 0 < l - r. Proof. lra. Qed.
Lemma not_above l r : ~ l > r -> 0 <= r - l. Proof. lra. Qed.
Lemma not_at_least l r : ~ l >= r -> 0 < r - l. Proof. lra. Qed.
Lemma not_same l r : ~ l = r -> 0 < r - l \\/ 0 < l - r. Proof. intro. destruct (Rtotal_order l r) as [|[|]]; lra. Qed.
Lemma square s : 0 <= s * s. Proof. apply Rle_0_sqr. Qed.
Lemma multiple q p : p = 0 -> q * p = 0. Proof. intros ->. apply Rmult_0_r. Qed.
"""


def lemma(name: str, certificate: Mapping[str, Any]) -> str:
    """The lemma of one certificate of contradiction, with its proof, as text.

    Args:
        name: how to call it.
        certificate: what the kernel accepts.

    Returns:
        `Lemma name : forall .., assertions -> False. Proof. .. Qed.`
    """
    commands = expression(f"({certificate['text']}\n)")
    names = [str(command[1]) for command in commands if command[0] == "declare-const"]
    stated = [command[1] for command in commands if command[0] == "assert"]
    proof = _Proof(Writer(rocq_names(names)))
    said = [proof.write.proposition(formula) for formula in stated]
    binder = f"forall {' '.join(proof.write.names.values())} : R,\n  " if names else ""
    proof.line(f"intros {' '.join([*proof.write.names.values(), *(f'A{i}' for i in range(len(said)))])}.")
    state = _State({}, [], [])
    for i, formula in enumerate(stated):
        normal, function = proof.write.normal(formula, True)
        proof.line(f"assert (N{i} : {proof.write.text_of(normal)}) by exact ({function} A{i}).")
        state = proof.take(normal, f"N{i}", state)
    proof.close(certificate["proof"], state)
    return "\n".join([f"Lemma {name} : {binder}{' -> '.join([*said, 'False'])}.", "Proof.", *proof.lines, "Qed."])


_COVERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("<", ">="), "Rlt_le_dec"),
    (("<=", ">"), "Rle_lt_dec"),
    (("<", "=", ">"), "total_order_T"),
)


@dataclass(frozen=True)
class _State:
    """What is known at a node: facts (hypothesis, relation, polynomial), open disjunctions, and what was put."""

    put: Mapping[str, Polynomial]
    facts: list[tuple[str, str, Polynomial]]
    disjunctions: list[tuple[str, Normal]]


@dataclass
class _Proof:
    """The lines of a proof as they are written, with the names of variables."""

    write: Writer
    lines: list[str] = field(default_factory=list)
    hypotheses: int = 0

    def line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def fresh(self) -> str:
        self.hypotheses += 1
        return f"H{self.hypotheses}"

    def take(self, normal: Normal, hypothesis: str, state: _State) -> _State:
        """What is known besides, in the kernel's order."""
        if normal[0] == "or":
            return _State(state.put, state.facts, [*state.disjunctions, (hypothesis, normal)])
        if normal[0] != "and":
            p = normal[2]
            for name, value in state.put.items():
                p = substitute(p, name, value)
            return _State(state.put, [*state.facts, (hypothesis, normal[0], p)], state.disjunctions)
        names = [self.fresh() for _ in normal[1]]
        if len(names) > 1:
            self.line(
                f"destruct {hypothesis} as {' ['.join(f'[{n}' if i == 0 else n for i, n in enumerate(names[:-1]))}"
                f" {names[-1]}{']' * (len(names) - 1)}."
            )
        elif names:
            self.line(f"pose proof {hypothesis} as {names[0]}.")
        for part, name in zip(normal[1], names, strict=True):
            state = self.take(part, name, state)
        return state

    def close(self, node: Mapping[str, Any], state: _State) -> None:
        """The proof below a node."""
        if "or" in node:
            hypothesis, normal = state.disjunctions[node["or"]]
            others = [d for i, d in enumerate(state.disjunctions) if i != node["or"]]
            names = [self.fresh() for _ in normal[1]]
            self.line(
                f"destruct {hypothesis} as [{_alternatives(names)}]."
                if len(names) != 1
                else f"pose proof {hypothesis} as {names[0]}."
            )
            for part, name, case in zip(normal[1], names, node["cases"], strict=True):
                self.line("{")
                self.close(case, self.take(part, name, _State(state.put, list(state.facts), others)))
                self.line("}")
        elif "sign" in node:
            self._sign(node, state)
        elif "put" in node:
            self._put(node, state)
        else:
            self._sum(node, state)

    def _sign(self, node: Mapping[str, Any], state: _State) -> None:
        cases = node["cases"]
        said = self.write.term(expression(node["sign"]), state.put)
        p = term(node["sign"], set(self.write.names))
        order, decide = next(cover for cover in _COVERS if set(cover[0]) == set(cases))
        found = self.fresh()
        self.line(
            f"destruct ({decide} {said} 0) as [{'[' if len(order) == 3 else ''}{found}|{found}"
            f"{f']|{found}' if len(order) == 3 else ''}]."
        )
        for relation in order:
            fact = self.fresh()
            says = {"<": f"0 < - {said}", "<=": f"0 <= - {said}", "=": f"{said} = 0"}.get(
                relation, f"0 {'<' if relation == '>' else '<='} {said}"
            )
            self.line("{")
            self.line(f"assert ({fact} : {says}) by (clear - {found}; lra).")
            sided = scale(p, -1) if relation in ("<", "<=") else p
            kind = {"<": ">", "<=": ">="}.get(relation, relation)
            self.close(cases[relation], _State(state.put, [*state.facts, (fact, kind, sided)], state.disjunctions))
            self.line("}")

    def _put(self, node: Mapping[str, Any], state: _State) -> None:
        x, (hypothesis, _, p) = node["put"], state.facts[node["fact"]]
        t = add(*(c for k, c in powers(p, x) if k == 0))
        a = value_of(add(*(c for k, c in powers(p, x) if k == 1)))
        t = scale(t, -1 / a)
        found, variable = self.fresh(), self.write.names[x]
        self.line(f"assert ({found} : {variable} = {self.write.polynomial(t)}) by (clear - {hypothesis}; lra).")
        self.line(f"subst {variable}.")
        facts = [(name, relation, substitute(q, x, t)) for name, relation, q in state.facts]
        self.close(node["then"], _State({**state.put, x: t}, facts, state.disjunctions))

    def _sum(self, node: Mapping[str, Any], state: _State) -> None:
        found = []
        for _, used, squares in node["sum"]:
            facts = [state.facts[i] for i in used]
            strict = not squares and all(relation == ">" for _, relation, _ in facts)
            factors = [name if strict or relation == ">=" else f"(Rlt_le _ _ {name})" for name, relation, _ in facts]
            factors += [f"(square {self.write.term(expression(s), state.put)})" for s in squares]
            proof = factors[0] if factors else "Rlt_0_1"
            for factor in factors[1:]:
                proof = f"({'Rmult_lt_0_compat' if strict else 'Rmult_le_pos'} _ _ {proof} {factor})"
            found.append(self.fresh())
            self.line(f"pose proof {proof} as {found[-1]}.")
        for i, q in node["equations"]:
            found.append(self.fresh())
            factor = self.write.term(expression(q), state.put)
            self.line(f"pose proof (multiple {factor} _ {state.facts[i][0]}) as {found[-1]}.")
        self.line(f"clear - {' '.join(found)}; lra.")


def _alternatives(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{names[0]}|{names[1]}" if len(names) == 2 else f"{names[0]}|[{_alternatives(names[1:])}]"
