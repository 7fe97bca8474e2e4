"""One prover in a process of its own: reads a question a line, answers a line. Run as a script.

Kept apart so that a prover that ignores its time limit can be killed, and so that z3 and cvc5 run at once.
It imports nothing of the package. Values are `["rational", "p/q"]`, or `["root", [c_0, .., c_n], k]`, the k-th
smallest real root (from 0) of the polynomial with these coefficients, lowest degree first.
"""

import json
import re
import sys
from fractions import Fraction


def ask_z3(text, seconds):
    """Ask z3; return its word and its model."""
    import z3

    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", max(1, int(seconds * 1000)))
    solver.from_string(text)
    said = str(solver.check())
    model = {}
    if said == "sat":
        found = solver.model()
        for declared in found.decls():
            value = found[declared]
            if declared.arity() > 0:
                continue  # how z3 reads x/0; no symbol of the text
            if isinstance(value, z3.AlgebraicNumRef):
                coefficients = [str(c.as_fraction()) for c in value.poly()]
                model[declared.name()] = ["root", coefficients, value.index() - 1]
            else:
                model[declared.name()] = ["rational", str(value.as_fraction())]
    return said, model


def ask_cvc5(text, seconds):
    """Ask cvc5; return its word and its model."""
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("produce-models", "true")
    solver.setOption("tlimit-per", str(max(1, int(seconds * 1000))))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += str(command.invoke(solver, symbols))
    said = said.strip() or "unknown"
    model = {}
    if said == "sat":
        for term in symbols.getDeclaredTerms():
            value = solver.getValue(term)
            name = str(term).strip("|")
            if value.isRealValue():
                model[name] = ["rational", str(Fraction(value.getRealValue()))]
            else:
                coefficients, low, high = read_algebraic(str(value))
                model[name] = ["between", coefficients, [low, high]]
    return said, model


def read_algebraic(text):
    """Coefficients and isolating interval of cvc5's `(_ real_algebraic_number <1*x^2 + (-2), (1, 2)>)`."""
    read = re.fullmatch(r".*<(.*), \((.*), (.*)\)>\)", text)
    if read is None:
        raise ValueError(f"not an algebraic number: {text}")
    polynomial, low, high = read.groups()
    coefficients = {}
    for term in polynomial.replace("(", "").replace(")", "").split(" + "):
        factor, variable, power = term.partition("*x")
        degree = int(power[1:] or 1) if variable else 0
        coefficients[degree] = str(Fraction(factor))
    top = max(coefficients)
    return [coefficients.get(k, "0") for k in range(top + 1)], low.strip(), high.strip()


def main():
    """Answer questions until the input ends."""
    ask = {"z3": ask_z3, "cvc5": ask_cvc5}[sys.argv[1]]
    for line in sys.stdin:
        question = json.loads(line)
        try:
            said, model = ask(question["text"], question["seconds"])
            answer = {"id": question["id"], "said": said, "model": model}
        except Exception as error:  # whatever a prover raises is its answer
            reason = f"{type(error).__name__}: {error}"
            answer = {"id": question["id"], "said": "error", "reason": reason, "model": {}}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
