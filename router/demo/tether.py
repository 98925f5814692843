"""Starts a program that ends when its parent ends, however the parent ends.

The kernel sends the signal, so not even kill -9 of the parent leaves the program running. Run as a
script between fork and exec rather than as a preexec_fn, which is unsafe beside threads.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    user: str = "",
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, as `user` if given (only root may).

    The signal is tied to the thread that calls: call from one that lives long enough.
    """
    words = [str(word) for word in command]
    tether = [sys.executable, "-I", "-S", __file__, str(os.getpid()), death_signal.name, user]
    return subprocess.Popen(
        [*tether, *words],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=cwd,
        start_new_session=True,
    )


def main(parent: str, death_signal: str, user: str, *command: str) -> None:
    """Become the command. A change of user forgets the tether, so it is tied after that."""
    if user:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    number = getattr(signal, death_signal)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent ended before its child began")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
