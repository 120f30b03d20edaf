// Firefox ESR in a network namespace of its own: it never sends media to 127.0.0.1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const DRIVER = fileURLToPath(new URL('./firefox-driver.mjs', import.meta.url));
const START_LIMIT_MS = 60_000;

/** Looks like a page of Playwright's, as far as a HookPerson needs one. */
class FirefoxPage {
  lines = [];
  version;
  #child;
  #waiting = new Map();
  #nextId = 1;

  constructor(child) {
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#handle(JSON.parse(line)));
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => this.lines.push(text.trim()));
  }

  evaluate(script, argument) {
    const id = this.#nextId++;
    this.#child.stdin.write(`${JSON.stringify({ id, source: String(script), argument })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Firefox makes its own pictures only through BiDi; the console tells enough. */
  async screenshot() {}

  context() {
    return { close: () => this.close() };
  }

  async close() {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }

  #handle({ id, value, error, line, ready }) {
    if (line !== undefined) this.lines.push(line);
    if (ready !== undefined) this.version = ready;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error !== undefined) waiting?.reject(new Error(error));
    else waiting?.resolve(value);
  }
}

/** @param {string[]} inside what to put before a command line to run it in the namespace */
export async function openFirefox(stage, inside, url) {
  const [program, ...args] = [...inside, process.execPath, DRIVER, FIREFOX, url];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const page = new FirefoxPage(child);
  stage.pages.push(page);
  await until(
    'Firefox has opened the page',
    () => {
      if (child.exitCode !== null) {
        throw Object.assign(new Error(`Firefox did not start: ${page.lines.join('\n')}`), {
          final: true,
        });
      }
      return page.version !== undefined;
    },
    START_LIMIT_MS,
  );
  return page;
}
