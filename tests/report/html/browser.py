"""Pages in a real browser: what it shows, what it complains of, and what it would fetch."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")


_OF_THE_PAGE = 101845102  # Chromium's number for what a page asks for, as against what the browser asks for itself


def browse(page: str, *options: str, profile: str | None = None) -> subprocess.CompletedProcess[str]:
    """Open a page in a fresh profile, where no host can be reached."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as fresh:
        command = [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={profile or fresh}",
            *options,
            page,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def complaints(page: str) -> list[str]:
    """What the console says (errors of scripts), and the addresses that the page asks for on the network."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        log = Path(profile) / "net.json"
        said = browse(page, f"--log-net-log={log}", "--dump-dom", profile=profile).stderr
        asked = re.findall(rf'"traffic_annotation":{_OF_THE_PAGE},"url":"((?!file:)[^"]*)"', log.read_text("utf-8"))
    return [*re.findall(r"CONSOLE[:(].*", said), *asked]
