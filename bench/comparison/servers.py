"""The servers that a comparison starts: this one and its peers, each on loopback, pinned to one core."""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"

START_SECONDS = 20
STOP_SECONDS = 5
INSTALL_SECONDS = 600


class Unavailable(Exception):
    """A server that this machine cannot have; the text says why."""


class Server:
    """One running server. Its processes are in a group of their own."""

    def __init__(self, command, environment, port, core, log):
        self.port = port
        self.log = pathlib.Path(log)
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), *map(str, command)], env={**os.environ, **environment},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid  # taskset becomes the server.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def await_port(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Unavailable(f"it ended at its start: {self.last_words()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise Unavailable(f"it did not listen within {START_SECONDS} s: {self.last_words()}")

    def stats(self):
        """What the server tells of itself, or nothing."""
        try:
            with urllib.request.urlopen(f"{self.url}/stats", timeout=START_SECONDS) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def last_words(self):
        lines = self.log.read_text(errors="replace").split("\n")
        return " ".join(line.strip() for line in lines[-6:] if line.strip()) or "it said nothing"

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return
            try:
                self.process.wait(STOP_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ThisServer:
    name = "this server"

    def __init__(self, program):
        self.program = program

    def prepare(self):
        if not self.program.exists():
            raise Unavailable(f"{self.program} is not built")

    def start(self, core, log, secret):
        port = free_port()
        # One worker, as its peers have; all else is as by default.
        return Server([self.program], {"PORT": str(port), "JWT_SECRET": secret, "LISTEN_IP": "127.0.0.1",
                                       "MEDIASOUP_LISTEN_IP": "127.0.0.1", "MEDIASOUP_NUM_WORKERS": "1"},
                      port, core, log)


class NodePeer:
    """A media engine behind bench/peers."""

    def __init__(self, name):
        self.name = name

    def prepare(self):
        if not shutil.which("node") or not shutil.which("npm"):
            raise Unavailable("there is no Node")
        # Without the packages' scripts: they would download or compile what may not be needed.
        run([ROOT / "tools" / "npm_packages", PEERS], "its npm packages", npm_config_ignore_scripts="true")

    def start(self, core, log, secret):
        port = free_port()
        return Server(["node", PEERS / "main.mjs", self.name], {"PORT": str(port), "JWT_SECRET": secret}, port, core, log)


class Mediasoup(NodePeer):
    """Its version stands in bench/peers/package.json alone."""

    def __init__(self):
        super().__init__("mediasoup")

    def prepare(self):
        super().prepare()
        given = os.environ.get("MEDIASOUP_WORKER_BIN")
        if given:
            if not os.access(given, os.X_OK):
                raise Unavailable(f"MEDIASOUP_WORKER_BIN is no program: {given}")
            return
        worker = PEERS / "node_modules" / "mediasoup" / "worker" / "out" / "Release" / "mediasoup-worker"
        if worker.exists():
            return
        # The package's own script downloads a ready-made one, or else tries to compile it.
        run(["npm", "rebuild", "mediasoup", "--loglevel=error"], "its worker")
        if not worker.exists():
            raise Unavailable("npm brought no worker; MEDIASOUP_WORKER_BIN can name one")


class Janus(NodePeer):
    """Debian's package."""

    def __init__(self):
        super().__init__("janus")

    def prepare(self):
        if not shutil.which("janus"):
            run([ROOT / "tools" / "install", "peers"], "Debian's package")
        super().prepare()


def run(command, what, **environment):
    try:
        done = subprocess.run(command, cwd=PEERS, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{what} took longer than {INSTALL_SECONDS} s") from None
    if done.returncode != 0:
        said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)  # Without its colours.
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise Unavailable(f"{what} could not be had: {' '.join(lines[-3:])[:300]}")


def new_secret():
    return secrets.token_hex(32)
