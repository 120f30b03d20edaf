// Debian's coturn as a process of its own, with time-limited credentials from a shared secret.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort, freeUdpRange } from './ports.mjs';
import { until } from './until.mjs';

const TURNSERVER = process.env.TURNSERVER ?? '/usr/bin/turnserver';
const RELAY_PORTS = 8;

/** Clients reach it over TCP alone, at this address of the machine. */
export async function startTurn(stage, { address, secret }) {
  const folder = await mkdtemp(join(tmpdir(), 'turn-'));
  stage.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freeTcpPort();
  const relay = await freeUdpRange(RELAY_PORTS);
  const child = spawn(
    TURNSERVER,
    [
      '-n',
      '--no-cli',
      '--no-udp',
      '--no-tls',
      '--no-dtls',
      `--listening-ip=${address}`,
      `--listening-port=${port}`,
      `--relay-ip=${address}`,
      `--min-port=${relay}`,
      `--max-port=${relay + RELAY_PORTS - 1}`,
      '--realm=meetlite',
      '--use-auth-secret',
      `--static-auth-secret=${secret}`,
      '--log-file=stdout',
      `--pidfile=${join(folder, 'pid')}`,
      `--userdb=${join(folder, 'userdb')}`,
      '--verbose',
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const turn = { port, log: '' };
  let failure;
  child.on('error', (error) => (failure = error));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (turn.log += text));
  }
  stage.defer(async () => {
    if (child.exitCode !== null || failure !== undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  await until('coturn listens', () => {
    if (failure !== undefined) throw Object.assign(failure, { final: true });
    return /TCP listener opened on/.test(turn.log) || { met: false, log: turn.log.slice(-300) };
  });
  return turn;
}
