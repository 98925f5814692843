"""The one command: python3 dev.py demo | test | lint | bench | soak | lock.

Makes .venv, installs the hash-locked dependencies and hands over. Standard library only.
Packages come from wherever this machine's pip is told to find them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
BROWSERS = ROOT / ".state" / "browsers"
BYTECODE = ROOT / ".state" / "bytecode"
STAMP = VENV / "installed"
PIP_INSTALL = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
EDITABLE = ("--no-deps", "--no-build-isolation", "-e", str(ROOT))
OLDEST, NEWEST = (3, 11), (3, 14)

LINTERS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports", "--no-logo"),
)
MODULES = {"demo": "router.demo", "bench": "tests.bench", "soak": "tests.soak"}


def main(argv: list[str]) -> int:
    """Run one command; return its exit code (demo, bench and soak do not return)."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return _complain(
            f"Switchback needs Python 3.11 to 3.14; this is {sys.version.split()[0]}. "
            "Try for instance: python3.12 dev.py demo"
        )
    if not sys.platform.startswith("linux"):
        return _complain(f"Switchback runs on Linux; this is {sys.platform}.")
    command, *arguments = argv or ["help"]
    if command not in {*MODULES, "test", "lint", "lock"}:
        return _complain(__doc__ or "")
    os.chdir(ROOT)
    prepare()
    if command == "lock":
        return lock()
    if command == "lint":
        return lint()
    if command == "test":
        # A part of the tests is often one without a browser: only the whole installs one.
        _hand_over(pytest_arguments(arguments), browser_environment(install=not arguments))
    _hand_over(["-m", MODULES[command], *arguments], {})
    return 0


def prepare() -> None:
    """Make .venv hold what the lock says; costs nothing when it already does."""
    with (ROOT / ".dev.lock").open("w") as guard:  # two commands may start at once
        fcntl.flock(guard, fcntl.LOCK_EX)
        wanted = fingerprint()
        if not (STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted):
            _install()
            STAMP.write_text(wanted, encoding="utf-8")


def _install() -> None:
    print("Preparing .venv (once per change of requirements.lock) ...", file=sys.stderr)
    if not _works(PYTHON):
        venv.create(VENV, clear=True, with_pip=True)
    if not _install_with_uv():
        print("uv could not install the lock; trying pip, which is slower ...", file=sys.stderr)
        subprocess.run([*PIP_INSTALL, "--require-hashes", "-r", LOCK], check=True)
        subprocess.run([*PIP_INSTALL, *EDITABLE], check=True)


def _works(python: Path) -> bool:
    """Return whether a .venv is there, whole, and of the Python that runs this file."""
    version = "import sys; print(sys.version)"
    try:
        found = subprocess.run([python, "-c", version], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return found.stdout.strip() == sys.version


def fingerprint() -> str:
    """What .venv depends on: the lock and the Python."""
    return hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()


def _install_with_uv() -> bool:
    """Return whether uv managed; it may not know an index that pip knows."""
    uv = find_uv()
    if uv is None:
        return False
    install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    steps = ([*install, "--require-hashes", "-r", str(LOCK)], [*install, *EDITABLE])
    environment = {**os.environ, **uv_environment()}
    return all(subprocess.run(step, check=False, env=environment).returncode == 0 for step in steps)


def find_uv() -> str | None:
    """Return a path to uv: the machine's, else one that pip puts into .venv."""
    own = VENV / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.exists() else None)
    if found is None and subprocess.run([*PIP_INSTALL, "uv"], check=False).returncode == 0:
        return str(own)
    return found


def uv_environment() -> dict[str, str]:
    """Tell uv, which reads none of pip's settings, what this machine told pip."""
    listing = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    ).stdout
    known = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        known[key.rpartition(".")[2]] = value.strip("'\"")
    translated = {"UV_DEFAULT_INDEX": known.get("index-url"), "SSL_CERT_FILE": known.get("cert")}
    return {name: v for name, v in translated.items() if v and name not in os.environ}


def lint() -> int:
    """Run every linter, even after one fails, so that one run shows all there is."""
    failed = [
        " ".join(linter)
        for linter in LINTERS
        if subprocess.run([VENV / "bin" / linter[0], *linter[1:]], check=False).returncode
    ]
    return _complain(f"Failed: {', '.join(failed)}") if failed else 0


def lock() -> int:
    """Compile requirements.lock from pyproject.toml: hashes of every file, no address.

    Resolved for the oldest Python; the pins hold for the newer ones too, and a pin's hashes
    cover all its wheels, of either processor.
    """
    uv = find_uv()
    if uv is None:
        return _complain("uv is needed to compile the lock and pip could not install it.")
    options = ["--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url"]
    platform = ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
    extras = ["--extra", "demo", "--extra", "dev", "--output-file", str(LOCK)]
    return subprocess.run(
        [uv, "pip", "compile", "--quiet", *options, *platform, *extras, "pyproject.toml"],
        check=False,
        env={**os.environ, **uv_environment()},
    ).returncode


def pytest_arguments(extra: list[str]) -> list[str]:
    """Three workers unless the caller says otherwise: half of the tests' time is waiting.

    Paths and options are pytest's own.
    """
    workers = [] if any(a.startswith(("-n", "--pdb")) for a in extra) else ["-n", "3"]
    return ["-m", "pytest", *workers, *extra]


def browser_environment(*, install: bool) -> dict[str, str]:
    """Say where Chromium is; without one the browser tests skip, loudly, and in CI they fail."""
    found = find_chromium()
    if found is None and install:
        print("No Chromium here; installing one for the browser tests ...", file=sys.stderr)
        for step in _chromium_installers():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(step, check=False, timeout=600, env=_installing(), stdout=sys.stderr)
        found = find_chromium()
    return {"CHROMIUM": found} if found else {}


def find_chromium() -> str | None:
    """Return a path: the environment's CHROMIUM, one on PATH, or the one playwright fetched."""
    names = ("chromium", "chromium-browser", "google-chrome")
    fetched = sorted(BROWSERS.glob("chromium-*/chrome-linux*/chrome"))
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, names), *map(str, fetched)]
    return next((path for path in candidates if path), None)


def _chromium_installers() -> list[list[str]]:
    """Root has the system's packages; anyone may fetch one into the project's folder."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        return [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ]
    return [[str(VENV / "bin" / "playwright"), "install", "chromium"]]


def _installing() -> dict[str, str]:
    return {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "PLAYWRIGHT_BROWSERS_PATH": str(BROWSERS),
    }


def bytecode_environment() -> dict[str, str]:
    """Keep bytecode aside where the environment forbids it beside the sources.

    Containers often do. Each process then compiles all that it imports, which takes a `web` worker
    4 s of a processor instead of 1.6 s, and a run of the tests starts some hundred processes.
    """
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def _hand_over(arguments: list[str], environment: dict[str, str]) -> None:
    """Become .venv's Python; signals and the exit code are then its own."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    own = {**bytecode_environment(), **environment, "PATH": path}
    os.execve(PYTHON, [str(PYTHON), *arguments], {**os.environ, **own})


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
