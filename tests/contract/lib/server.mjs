// The server's binary as a process of its own, in an empty folder, with settings from where a test puts them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SECRET } from './token.mjs';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const CHOSEN = process.env.SFU_BINARY ?? '../../build/release/src/meetlite-sfu';
const BINARY = isAbsolute(CHOSEN) ? CHOSEN : resolve(HERE, CHOSEN);
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 10_000;

export const MEDIA_PORTS = 16;

/** What a server needs to run beside others, and what most tests want. */
export async function usualSettings() {
  const first = await freeMediaPorts();
  return {
    PORT: '0',
    JWT_SECRET: SECRET,
    MEDIASOUP_LISTEN_IP: '127.0.0.1',
    MEDIASOUP_MIN_PORT: String(first),
    MEDIASOUP_MAX_PORT: String(first + MEDIA_PORTS - 1),
    MEDIASOUP_NUM_WORKERS: '2',
    DRAIN_SECONDS: '0',
  };
}

/**
 * Starts a process and resolves with it, whatever becomes of it.
 * @param {{ env?: object, args?: string[], dotenv?: string, within?: string[] }} options `env` is the whole environment;
 * `within` is a command and its arguments to which the server's are added, and that becomes the server itself
 */
export function launch({ env = {}, args = [], dotenv, within = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  if (dotenv !== undefined) writeFileSync(join(folder, '.env'), dotenv);
  const defined = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  const [program, ...rest] = [...within, BINARY, ...args];
  return new Server(spawn(program, rest, { cwd: folder, env: defined, stdio: ['ignore', 'pipe', 'pipe'] }), folder);
}

export class Server {
  out = '';
  err = '';
  startMs = 0;
  #process;
  #folder;
  #ended;

  constructor(process, folder) {
    this.#process = process;
    this.#folder = folder;
    const started = performance.now();
    this.#ended = once(process, 'close');
    this.#ended.catch(() => undefined);
    process.stdout.setEncoding('utf8').on('data', (text) => (this.out += text));
    process.stderr.setEncoding('utf8').on('data', (text) => (this.err += text));
    this.listening = new Promise((fulfil, reject) => {
      const timer = setTimeout(() => reject(new Error(`does not listen: ${this.out}${this.err}`)), START_LIMIT_MS);
      process.stdout.on('data', () => {
        const found = /listens on (\S+):(\d+)\n/.exec(this.out);
        if (!found) return;
        clearTimeout(timer);
        this.startMs = performance.now() - started;
        this.port = Number(found[2]);
        fulfil(this);
      });
      this.#ended.then(
        ([code]) => {
          clearTimeout(timer);
          reject(new Error(`ended with status ${code} instead of listening: ${this.err}`));
        },
        (error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
    this.listening.catch(() => undefined);
  }

  get pid() {
    return this.#process.pid;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get running() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Resolves with the exit status (or the signal's name) once the process has ended. */
  async ended() {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still runs: ${this.out}${this.err}`)), STOP_LIMIT_MS);
    });
    try {
      const [code, signal] = await Promise.race([this.#ended, late]);
      return signal ?? code;
    } finally {
      clearTimeout(timer);
    }
  }

  signal(name) {
    this.#process.kill(name);
  }

  /** Resolves with the exit status and how long it took to end, in ms. */
  async stop(signal = 'SIGTERM') {
    const asked = performance.now();
    this.#process.kill(signal);
    const status = await this.ended();
    return { status, tookMs: performance.now() - asked };
  }

  async end() {
    if (this.running) {
      await this.stop().catch(() => this.#process.kill('SIGKILL'));
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function udpPortIsFree(port) {
  return new Promise((fulfil) => {
    const socket = createSocket('udp4');
    socket.on('error', () => fulfil(false));
    socket.bind(port, '0.0.0.0', () => socket.close(() => fulfil(true)));
  });
}

/** The first of MEDIA_PORTS UDP ports in a row that were free a moment ago. */
export async function freeMediaPorts(count = MEDIA_PORTS) {
  for (;;) {
    const first = 30_000 + Math.floor(Math.random() * 2_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => udpPortIsFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

/** A TCP port that was free on loopback a moment ago. */
export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  await new Promise((fulfil) => listener.close(fulfil));
  return port;
}
