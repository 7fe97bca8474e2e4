"""Kernels that start at once: forks of one process that has imported what every notebook imports.

    python notebooks/warm.py serve SOCKET         # forks a kernel for each connection, and ends with its owner
    python notebooks/warm.py kernel SOCKET FILE   # stands for one kernel, which ends with it

A fork knows nothing of the notebooks before it: it is as fresh as a process of its own, without the imports' time.
"""

import atexit
import gc
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path


class Warm:
    """The process that is forked; it ends with its owner, and every kernel with it."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self._socket = self._folder / "socket"
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(self._socket)],
            stdin=pipe,
            stdout=pipe,
            env=os.environ | settings | {"IPYTHONDIR": str(self._folder)},
            cwd=Path(__file__).parent,  # where a reader's kernel runs
            start_new_session=True,
        )
        atexit.register(self.close)
        assert self._process.stdout
        if not self._process.stdout.readline():
            raise SystemExit("the process that runs the notebooks did not start")

    @property
    def process(self) -> int:
        """Its number."""
        return self._process.pid

    def command(self, connection_file: str) -> list[str]:
        """What starts a kernel and ends with it."""
        return [sys.executable, "-I", "-S", __file__, "kernel", str(self._socket), connection_file]

    def close(self) -> None:
        """End it, and its kernels."""
        atexit.unregister(self.close)
        self._process.communicate()  # which closes its standard input


def serve(path: str) -> None:
    """Import, say so in one line, and fork a kernel for each connection until standard input ends."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # read at import: a kernel also ends with this process
    import ipykernel.kernelapp
    import matplotlib.figure
    import sympy
    import torch

    import eqt_theory
    from eqt_theory.report import parameter, plots, sliders

    assert ipykernel and matplotlib and sympy and torch and parameter and sliders  # for their imports alone
    for name in eqt_theory.__all__:  # each imports its module
        getattr(eqt_theory, name)
    plots.png(plots.phase_diagram(0.1, 10))  # the first drawing reads fonts and makes the parser of formulas
    gc.collect()
    gc.freeze()  # a kernel's rounds for cyclic garbage leave the imports alone
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        print("ready", flush=True)
        os.dup2(2, 1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while 0 not in select.select([0, door], [], [])[0]:
            connection, _ = door.accept()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                door.close()
                run(connection)
            connection.close()
    shutil.rmtree(Path(path).parent, ignore_errors=True)


def run(connection: socket.socket) -> None:
    """A kernel, in a fork: it ends when the one that asked for it does."""
    from ipykernel.kernelapp import IPKernelApp

    def watch() -> None:
        select.select([connection], [], [])
        os._exit(1)

    file = connection.makefile().readline().rstrip("\n")
    threading.Thread(target=watch, daemon=True).start()
    IPKernelApp.launch_instance(argv=["-f", file, "--log-level=ERROR"])
    os._exit(0)


def kernel(path: str, file: str) -> None:
    """Ask for a kernel, and wait until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Jupyter interrupts before it ends a kernel
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(f"{file}\n".encode())
        connection.recv(1)


if __name__ == "__main__":
    {"serve": serve, "kernel": kernel}[sys.argv[1]](*sys.argv[2:])
