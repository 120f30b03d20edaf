// The participant of aiortc_client.py, from the outside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../aiortc_client.py', import.meta.url));
/** Debian's packages are for Debian's own Python. */
const PYTHON = process.env.DEBIAN_PYTHON ?? '/usr/bin/python3';

export class AiortcPerson {
  seen = {};
  #child;
  #complaints = '';

  constructor(stage, server, { userId, roomId = 'room', dtlsRole = 'client' }) {
    this.userId = userId;
    const token = server.token({ userId });
    this.#child = spawn(PYTHON, [SCRIPT, server.url, token, roomId, '--dtls-role', dtlsRole], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface({ input: this.#child.stdout }).on(
      'line',
      (line) => (this.seen = JSON.parse(line)),
    );
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text) => (this.#complaints += text));
    stage.defer(() => this.close());
  }

  /** What has arrived so far. @throws if the client has ended or the server refused something. */
  look() {
    if (this.#child.exitCode !== null) {
      throw Object.assign(new Error(`aiortc's client ended: ${this.#complaints.slice(-1500)}`), {
        final: true,
      });
    }
    if ((this.seen.errors ?? []).length > 0) {
      throw Object.assign(new Error(`refused: ${JSON.stringify(this.seen.errors)}`), {
        final: true,
      });
    }
    return this.seen;
  }

  async close() {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    this.#child.stdin.end();
    await ended;
    clearTimeout(timer);
  }
}
