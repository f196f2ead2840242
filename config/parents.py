"""Ends a process when its parent ends, however the parent ended: nothing of ours outlives its supervisor.

Linux delivers the signal itself (PR_SET_PDEATHSIG), also when the parent was killed with SIGKILL. Where there is no
such call a thread looks for the change of parent.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
SECONDS_BETWEEN_LOOKS = 0.5


def end_with_parent(parent: int, with_signal: signal.Signals = signal.SIGTERM) -> None:
    """Make this process receive `with_signal` when `parent` ends; at once, if it has ended already.

    On Linux the parent's *thread* that started this process counts, so start children from a thread that lasts.
    """
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(with_signal))
    else:
        threading.Thread(target=_watch, args=(parent, with_signal), daemon=True).start()
    if os.getppid() != parent:  # it ended before the line above
        os.kill(os.getpid(), with_signal)


def ending_with_parent(with_signal: signal.Signals) -> Callable[[], None]:
    """The same as a preexec_fn, for a program that is not ours. Nothing outside Linux: the next start looks for it."""
    parent = os.getpid()

    def before_exec() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(with_signal))
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


def _watch(parent: int, with_signal: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), with_signal)
