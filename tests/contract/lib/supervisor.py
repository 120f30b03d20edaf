"""Hears what a service tells its supervisor (sd_notify(3)), and says it on as a line of JSON each: supervisor.py NAME

NAME is the abstract one of its socket, without the "@". Ends with standard input, once it has said all that it was told.
"""

import json
import select
import socket
import sys

supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
supervisor.bind("\0" + sys.argv[1])
print(json.dumps("bound"), flush=True)

ends = False
while True:
    try:
        print(json.dumps(supervisor.recv(4096).decode()), flush=True)
    except BlockingIOError:
        if ends:
            break
        ready, _, _ = select.select([supervisor, sys.stdin], [], [])
        ends = sys.stdin in ready
