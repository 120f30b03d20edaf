// Holding one thread of a server still, from outside the process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Skipped } from './runner.mjs';

const FREEZE = fileURLToPath(new URL('freeze_thread.py', import.meta.url));

/** Holds a thread still; resolves with a function that lets it go. */
export async function freeze(server, thread) {
  const child = spawn('python3', [FREEZE, String(server.pid), thread], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text));
  const ended = once(child, 'close');
  const first = await Promise.race([once(child.stdout, 'data'), ended]);
  if (!String(first[0]).startsWith('held')) throw new Skipped(`this machine lets nobody hold a thread: ${complaint}`);
  return async () => {
    child.stdin.end();
    await ended;
  };
}
