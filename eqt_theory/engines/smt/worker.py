"""One prover in a process of its own: reads a question a line, answers a line. Run as a script.

Kept apart so that a prover that ignores its budget can be killed, and so that z3 and cvc5 run at once.
It imports nothing of the package. Values are `["rational", "p/q"]`, or `["root", [c_0, .., c_n], k]`, the k-th
smallest real root (from 0) of the polynomial with these coefficients, lowest degree first.

A question gives the budget in the prover's own resource units, which count its steps and no time, so that the answer
is the same on a busy machine. Some algebra of both provers spends no units: a limit of CPU time ends the process then.
A guardian ends it where its owner is gone, for neither prover lets Python run while it thinks.
"""

import json
import os
import re
import select
import signal
import sys
from fractions import Fraction

_SEED = 1
_LOOK = 0.5  # seconds between two looks of the guardian


def ask_z3(text, units):
    """Ask z3; return its word and its model."""
    import z3

    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("rlimit", units)
    solver.set("random_seed", _SEED)
    solver.from_string(text)
    said = str(solver.check())
    model = {}
    if said == "unknown" and "resource limit" in solver.reason_unknown():
        said = "out of budget"
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


def ask_cvc5(text, units):
    """Ask cvc5; return its word and its model."""
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("produce-models", "true")
    solver.setOption("rlimit-per", str(units))
    solver.setOption("seed", str(_SEED))
    solver.setOption("sat-random-seed", str(_SEED))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    said = ""
    while not (command := parser.nextCommand()).isNull():
        if str(command).strip() == "(check-sat)":
            result = solver.checkSat()
            spent = result.isUnknown() and result.getUnknownExplanation() == cvc5.UnknownExplanation.RESOURCEOUT
            said += "out of budget" if spent else "unknown" if result.isUnknown() else str(result)
        else:
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


def guard(owner):
    """Fork a guardian that kills this process once its owner has gone, however that ended.

    The kernel closes the owner's end of our input when the owner dies; a copy of that end in a forked child of the
    owner would hide it, so the owner's process number is looked at too.
    """
    worker = os.getpid()
    if os.fork():
        return
    closed = select.poll()
    closed.register(0, 0)  # only that it was hung up; what is written there is for the worker
    while os.getppid() == worker:
        if closed.poll(_LOOK * 1000) or not alive(owner):
            os.kill(worker, signal.SIGKILL)
            break
    os._exit(0)


def alive(process):
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def limit_cpu(seconds):
    """End this process once it has used so much CPU time; 0 takes the limit away."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def main():
    """Answer questions until the input ends."""
    if hasattr(os, "fork"):
        guard(int(sys.argv[2]))
    ask = {"z3": ask_z3, "cvc5": ask_cvc5}[sys.argv[1]]
    for line in sys.stdin:
        question = json.loads(line)
        limit_cpu(question["cpu"])
        try:
            said, model = ask(question["text"], question["units"])
            answer = {"id": question["id"], "said": said, "model": model}
        except Exception as error:  # whatever a prover raises is its answer
            reason = f"{type(error).__name__}: {error}"
            answer = {"id": question["id"], "said": "error", "reason": reason, "model": {}}
        limit_cpu(0)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
