// What the service manager is told by the running server, by which it starts the server again or leaves it alone.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { freeze } from '../lib/freeze.mjs';
import { test } from '../lib/runner.mjs';
import { freePort, usualSettings } from '../lib/server.mjs';

const SUPERVISOR = fileURLToPath(new URL('../lib/supervisor.py', import.meta.url));
const ALIVE = 'WATCHDOG=1';
/** With a sign of life each second, so long a pause is no delay any more. */
const SILENT_MS = 3_000;

let supervisors = 0;

/** The service manager's end: `heard` are { text, at }, in order. */
class Supervisor {
  heard = [];
  #child;
  #lines;
  #waiting = new Set();

  static async start() {
    supervisors += 1;
    const supervisor = new Supervisor(`contract-${process.pid}-${supervisors}`);
    await supervisor.until(() => supervisor.heard.shift());
    return supervisor;
  }

  constructor(name) {
    this.address = `@${name}`;
    this.#child = spawn('python3', [SUPERVISOR, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => {
      this.heard.push({ text: JSON.parse(line), at: performance.now() });
      for (const look of this.#waiting) look();
    });
  }

  get texts() {
    return this.heard.map(({ text }) => text);
  }
  get lastAt() {
    return this.heard.at(-1).at;
  }
  signs(from = 0) {
    return this.texts.slice(from).filter((text) => text === ALIVE).length;
  }

  /** Resolves with what `find` finds, which looks again at each word that comes. */
  async until(find, limitMs = 10_000) {
    let look;
    let timer;
    try {
      return await new Promise((fulfil, reject) => {
        look = () => {
          const found = find();
          if (found) fulfil(found);
        };
        this.#waiting.add(look);
        timer = setTimeout(() => reject(new Error(`waited in vain: heard ${JSON.stringify(this.texts)}`)), limitMs);
        look();
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  /** Resolves once it has heard nothing for SILENT_MS. */
  async untilSilent(limitMs) {
    const end = performance.now() + limitMs;
    while (performance.now() - this.lastAt < SILENT_MS) {
      assert.ok(performance.now() < end, `never silent: heard ${JSON.stringify(this.texts)}`);
      await new Promise((fulfil) => setTimeout(fulfil, 50));
    }
  }

  /** Resolves with all that it was ever told. */
  async end() {
    if (!this.#child.stdin.writableEnded) {
      const ended = once(this.#lines, 'close');
      this.#child.stdin.end();
      await ended;
    }
    return this.texts;
  }
}

async function withSupervisor(body) {
  const supervisor = await Supervisor.start();
  try {
    await body(supervisor);
  } finally {
    await supervisor.end();
  }
}

test('the service manager hears READY=1 once the port answers, and STOPPING=1 with how long it takes at SIGTERM', (scene) =>
  withSupervisor(async (supervisor) => {
    const port = await freePort();
    const env = { ...(await usualSettings()), PORT: String(port), DRAIN_SECONDS: '20', NOTIFY_SOCKET: supervisor.address };
    const server = scene.launch({ env });
    await supervisor.until(() => supervisor.heard.length > 0);
    assert.equal(supervisor.texts[0], 'READY=1');
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
    await server.listening;
    assert.equal((await server.stop()).status, 0, server.err);
    const told = (await supervisor.end()).filter((text) => text !== ALIVE);
    assert.deepEqual(told, ['READY=1', 'STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000']);
  }));

test('the service manager does not hear READY=1 of a server whose port is taken', (scene) =>
  withSupervisor(async (supervisor) => {
    const other = createServer().listen(0, '0.0.0.0');
    await once(other, 'listening');
    const env = { ...(await usualSettings()), PORT: String(other.address().port), NOTIFY_SOCKET: supervisor.address };
    const server = scene.launch({ env });
    assert.equal(await server.ended(), 1, server.err);
    await new Promise((fulfil) => other.close(fulfil));
    assert.deepEqual(await supervisor.end(), []);
  }));

test('the service manager hears WATCHDOG=1 each second, none while a media thread has not turned for 10 s, and again once it turns', (scene) =>
  withSupervisor(async (supervisor) => {
    const server = await scene.ownServer({ NOTIFY_SOCKET: supervisor.address });
    await supervisor.until(() => supervisor.signs() === 2);
    const [first, second] = supervisor.heard.filter(({ text }) => text === ALIVE);
    assert.ok(second.at - first.at < 2_000, `${second.at - first.at} ms between two signs`);

    const release = await freeze(server, 'media-1');
    const frozen = performance.now();
    const before = supervisor.heard.length;
    await supervisor.untilSilent(18_000);
    const lastMs = supervisor.lastAt - frozen;
    assert.ok(lastMs > 8_000 && lastMs < 12_000, `the last sign came after ${lastMs} ms`);
    assert.ok(supervisor.signs(before) >= 6, `${supervisor.signs(before)} signs before it was given up`);

    const silent = supervisor.heard.length;
    await release();
    await supervisor.until(() => supervisor.signs(silent) > 0);
  }));
