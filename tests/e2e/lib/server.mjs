// The server's binary as a process of its own, with settings from the environment alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freeTcpPort, freeUdpRange } from './ports.mjs';
import { makeToken, SECRET } from './token.mjs';
import { until } from './until.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BINARY =
  process.env.SFU_BINARY ??
  fileURLToPath(new URL('../../../build/release/src/meetlite-sfu', import.meta.url));
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
const MEDIA_PORTS = 8;

export class Server {
  log = '';
  #process;
  #command;

  /**
   * @param {{ settings?: object, args?: string[], host?: string, demo?: boolean, corsOrigin?: string,
   *   port?: number }} options `settings` win over what is set here; undefined takes one away
   */
  static async start({
    settings = {},
    args = [],
    host = '127.0.0.1',
    demo = false,
    corsOrigin,
    port,
  } = {}) {
    const server = new Server();
    server.port = port ?? (await freeTcpPort());
    server.host = host;
    server.demo = demo;
    server.mediaPort = await freeUdpRange(MEDIA_PORTS);
    const defaults = {
      PORT: String(server.port),
      JWT_SECRET: demo ? undefined : SECRET,
      CORS_ORIGIN: corsOrigin,
      MEDIASOUP_LISTEN_IP: '0.0.0.0',
      MEDIASOUP_ANNOUNCED_IP: '127.0.0.1',
      MEDIASOUP_MIN_PORT: String(server.mediaPort),
      MEDIASOUP_MAX_PORT: String(server.mediaPort + MEDIA_PORTS - 1),
      MEDIASOUP_NUM_WORKERS: '1',
      DRAIN_SECONDS: '0',
      MEDIASOUP_LOG_LEVEL: 'debug',
      LOG_LEVEL: 'info',
      DEMO_DIR: `${ROOT}demo/dist`,
    };
    const env = { PATH: process.env.PATH };
    for (const [name, value] of Object.entries({ ...defaults, ...settings })) {
      if (value !== undefined) env[name] = value;
    }
    server.#command = { env, args: demo ? ['--demo', ...args] : args };
    await server.#spawn();
    return server;
  }

  get url() {
    return `http://${this.host}:${this.port}`;
  }

  /** For browsers: a page from localhost may use the camera. */
  get localUrl() {
    return `http://localhost:${this.port}`;
  }

  token(claims) {
    return makeToken(claims);
  }

  get running() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** With what the process ended, for people. */
  get ending() {
    return this.#process.signalCode ?? `status ${this.#process.exitCode}`;
  }

  async stats() {
    return (await fetch(`${this.url}/stats`)).json();
  }

  /** @throws if it does not end by itself within 5 s of SIGTERM. */
  async stop() {
    if (!this.running) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_LIMIT_MS);
    const [code, signal] = await ended;
    clearTimeout(timer);
    if (signal === 'SIGKILL') throw new Error('the server did not end within 5 s of SIGTERM');
    if (code !== 0) throw new Error(`the server ended with ${signal ?? `status ${code}`}`);
  }

  /** Ends it as a crash does, or as the kernel when memory is short. */
  async die() {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Asks it to end, and does not wait for that. */
  drain() {
    this.#process.kill('SIGTERM');
  }

  /** Resolves with the exit status, or with the name of the signal. */
  async ended() {
    if (this.running) await once(this.#process, 'exit');
    return this.#process.signalCode ?? this.#process.exitCode;
  }

  /** The same server again, on the same ports; resolves once it answers. */
  startAgain() {
    return this.#spawn();
  }

  async #spawn() {
    const { env, args } = this.#command;
    const child = spawn(BINARY, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    let failure;
    child.on('error', (error) => (failure = error));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (this.log += text));
    }
    await until(
      'GET /health answers',
      async () => {
        if (failure !== undefined || !this.running) {
          throw Object.assign(
            new Error(`the server did not start: ${failure?.message ?? this.log}`),
            {
              final: true,
            },
          );
        }
        return (await fetch(`${this.url}/health`)).status === 200;
      },
      START_LIMIT_MS,
    );
  }
}
