// GET /metrics, as Prometheus and its own checker see it.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chromiumAudio } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { freePort } from '../lib/server.mjs';

const LIMIT_MS = 20_000;

async function someCall(scene, server) {
  const room = scene.room();
  const alice = await scene.participant('alice-of-metrics', room, { server });
  await scene.participant('bob-of-metrics', room, { server });
  await alice.produce('audio', chromiumAudio());
  await alice.refused('pause-producer', { kind: 'video' }, 'not_found');
  return room;
}

const scrape = async (server) => (await fetch(`${server.url}/metrics`)).text();

/** The values of a metric by its labels, as they stand in the text. */
function values(text, name) {
  const found = {};
  for (const line of text.split('\n')) {
    const match = new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)`).exec(line);
    if (match) found[match[1] ?? ''] = Number(match[2]);
  }
  return found;
}

test('GET /metrics is the text format of Prometheus', async (scene) => {
  const server = await scene.ownServer();
  const answer = await fetch(`${server.url}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  for (const line of (await answer.text()).trimEnd().split('\n'))
    assert.match(line, /^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (-?[\d.e+-]+|[+-]Inf|NaN))$/i);
});

test('/metrics counts workers, meetings and requests', async (scene) => {
  const server = await scene.ownServer();
  const room = await someCall(scene, server);
  const peer = await scene.person('peer-of-metrics', { server });
  await peer.ok('ready', { roomId: room, mediaState: {} });
  const text = await scrape(server);
  assert.deepEqual(values(text, 'meetlite_sfu_worker_up'), { '{worker="0"}': 1, '{worker="1"}': 1 });
  const sums = {
    rooms: 1,
    participants: 2,
    peer_to_peer_rooms: 1,
    peer_to_peer_participants: 1,
    connections: 3,
    transports: 4,
    producers: 1,
    consumers: 1,
    draining: 0,
  };
  for (const [name, wanted] of Object.entries(sums))
    assert.deepEqual(values(text, `meetlite_sfu_${name}`), { '': wanted }, name);
  assert.equal(values(text, 'meetlite_sfu_request_duration_seconds_count')['{event="join-room"}'], 2);
  assert.deepEqual(values(text, 'meetlite_sfu_failed_requests_total'), {
    '{event="pause-producer",code="not_found"}': 1,
  });
  const atFault = values(text, 'meetlite_sfu_worker_transports_at_fault_total');
  assert.deepEqual(atFault, { '{worker="0"}': 0, '{worker="1"}': 0 });
  const turns = values(text, 'meetlite_sfu_worker_turn_duration_seconds_count');
  assert.ok(Object.keys(turns).length === 2 && Object.values(turns).every((count) => count > 0), JSON.stringify(turns));
  assert.ok(values(text, 'process_resident_memory_bytes')[''] > 1e6);
  const started = values(text, 'process_start_time_seconds');
  assert.ok(Math.abs(started[''] - Date.now() / 1000) < 60, JSON.stringify(started));
  assert.deepEqual(values(await scrape(server), 'process_start_time_seconds'), started);
});

test('/metrics tells of nobody, and what clients send makes no new labels', async (scene) => {
  const server = await scene.ownServer();
  const room = await someCall(scene, server);
  const guest = await scene.person('guest-of-metrics', { server });
  for (let i = 0; i < 20; ++i) await guest.request(`event-${i}`, {});
  const text = await scrape(server);
  for (const secret of ['of-metrics', 'example.test', room, 'event-1'])
    assert.ok(!text.includes(secret), `${secret} in\n${text}`);
  assert.equal(values(text, 'meetlite_sfu_request_duration_seconds_count')['{event="unknown"}'], 20);
});

/** Runs a program of Debian's prometheus package to its end. */
function run(program, args, input) {
  return new Promise((fulfil, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    child.on('error', (error) => reject(new Error(`${program}: ${error.message} (tools/install test brings it)`)));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (out += part));
    child.on('close', (status) => fulfil({ status, out }));
    child.stdin.end(input);
  });
}

test('promtool has nothing to say against /metrics', async (scene) => {
  const server = await scene.ownServer();
  await someCall(scene, server);
  await (await scene.stranger({ server, token: 'bad' })).next('#connect_error');
  assert.deepEqual(await run('promtool', ['check', 'metrics'], await scrape(server)), { status: 0, out: '' });
});

test("Debian's Prometheus scrapes /metrics and answers queries from it", async (scene) => {
  const server = await scene.ownServer();
  await someCall(scene, server);
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const port = await freePort();
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `scrape_configs:\n  - job_name: sfu\n    scrape_interval: 1s\n    static_configs:\n      - targets: ['127.0.0.1:${server.port}']\n`,
  );
  const prometheus = spawn(
    'prometheus',
    [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  prometheus.stderr.setEncoding('utf8').on('data', (part) => (log += part));
  const ended = new Promise((fulfil) => prometheus.on('close', fulfil).on('error', fulfil));
  try {
    const query = async (what) => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(what)}`;
      const answer = await fetch(url).catch(() => undefined);
      return answer?.ok ? (await answer.json()).data.result : [];
    };
    const until = Date.now() + LIMIT_MS;
    let participants = [];
    while (participants.length === 0) {
      assert.ok(Date.now() < until && prometheus.exitCode === null, `nothing was scraped: ${log.slice(-2000)}`);
      await pause(100);
      participants = await query('meetlite_sfu_participants');
    }
    assert.equal(participants[0].value[1], '2');
    assert.equal((await query('up{job="sfu"}'))[0].value[1], '1');
    assert.equal((await query('sum(meetlite_sfu_worker_up)'))[0].value[1], '2');
    assert.equal((await query('histogram_quantile(0.5, meetlite_sfu_request_duration_seconds_bucket{event="join-room"})')).length, 1);
  } finally {
    prometheus.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
});
