from eqt_theory.core.functions import closure_of, defaults_of, names_in

OUTER = 1


def made(known: int):
    def function(x: int, by: int = 2, *, to: int = 3):
        return known, later, globals()["TEXT"], [OUTER + y for y in range(x)], (lambda: print(by, to))

    found = dict(closure_of(function)), dict(defaults_of(function)), names_in(function.__code__)
    later = 5
    return *found, dict(closure_of(function)), later


def test_what_a_function_works_with_besides_its_arguments():
    early, defaults, names, late, _ = made(4)
    assert early == {"known": 4}  # `later` has no value yet
    assert late == {"known": 4, "later": 5}
    assert defaults == {"0": 2, "to": 3}
    assert {"OUTER", "TEXT", "range", "print"} <= names
