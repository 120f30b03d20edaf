"""Holds one thread of a process still until standard input ends: freeze_thread.py PID THREAD_NAME"""

import ctypes
import os
import pathlib
import sys
import threading

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000

pid, name = sys.argv[1:]
tasks = pathlib.Path(f"/proc/{pid}/task")
held = next(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name)
libc = ctypes.CDLL(None, use_errno=True)
for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
    if libc.ptrace(request, held, None, None) != 0:
        sys.exit(f"cannot hold the thread: {os.strerror(ctypes.get_errno())}")
os.waitpid(held, WALL)
print("held", flush=True)


def end_with_the_thread():
    """A process is not over before its traced threads have been waited for."""
    os.waitpid(held, WALL)
    os._exit(0)


threading.Thread(target=end_with_the_thread, daemon=True).start()
sys.stdin.read()
os._exit(0)  # The thread goes on when its tracer ends.
