// A media thread that does not turn, held still from outside the process.
import { strict as assert } from 'node:assert';
import { freeze } from '../lib/freeze.mjs';
import { test } from '../lib/runner.mjs';

/** Asks until the answer has this status; its body. */
async function healthOnceItIs(server, status) {
  const end = performance.now() + 10_000;
  for (;;) {
    const answer = await fetch(`${server.url}/health`);
    const body = await answer.json();
    if (body.status === status) return { code: answer.status, ...body };
    assert.ok(performance.now() < end, `not ${status}: ${JSON.stringify(body)}`);
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
}

const lines = (server, text) => server.err.split('\n').filter((line) => line.includes(text));

test('a media thread that does not turn for 2 s shows in /health, /stats and one line of the log until it does', async (scene) => {
  const server = await scene.ownServer({ MEDIASOUP_NUM_WORKERS: '2' });
  const release = await freeze(server, 'media-1');
  const frozen = performance.now();
  const degraded = await healthOnceItIs(server, 'DEGRADED');
  const seenMs = performance.now() - frozen;
  assert.equal(degraded.code, 503);
  assert.ok(seenMs > 1_000 && seenMs < 3_500, `seen after ${seenMs} ms`);
  assert.deepEqual(Object.keys(degraded).sort(), [
    'code',
    'memory',
    'service',
    'status',
    'stuckWorkers',
    'timestamp',
    'uptime',
  ]);
  assert.equal(degraded.stuckWorkers.length, 1);
  const [{ index, doing, forMs }] = degraded.stuckWorkers;
  assert.equal(index, 1);
  assert.equal(typeof doing, 'string');
  assert.ok(forMs >= 2_000);

  const { workerStats } = await (await fetch(`${server.url}/stats`)).json();
  assert.deepEqual(
    workerStats.map(({ stuck, responding }) => ({ stuck, responding })),
    [
      { stuck: false, responding: true },
      { stuck: true, responding: false },
    ],
  );
  assert.equal(lines(server, 'worker is stuck').length, 1);
  assert.match(lines(server, 'worker is stuck')[0], new RegExp(`worker=1 doing="?${doing}"?`));

  // Whoever comes now meets on the other one.
  await scene.participant('p', 'room', { server });

  await release();
  assert.equal((await healthOnceItIs(server, 'OK')).code, 200);
  assert.equal(lines(server, 'worker turns again').length, 1);
});

test('a service thread that does not turn for 2 s shows in one line of the log until it does', async (scene) => {
  const server = await scene.ownServer();
  const release = await freeze(server, 'meetlite-sfu');
  const frozen = performance.now();
  while (lines(server, 'service thread is stuck').length === 0) {
    assert.ok(performance.now() - frozen < 10_000, server.err);
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
  const seenMs = performance.now() - frozen;
  assert.ok(seenMs > 1_500 && seenMs < 3_500, `seen after ${seenMs} ms`);
  assert.match(lines(server, 'service thread is stuck')[0], /doing="is held still from outside" for_ms=2\d\d\d/);

  await release();
  assert.equal((await healthOnceItIs(server, 'OK')).code, 200);
  while (lines(server, 'service thread turns again').length === 0) {
    assert.ok(performance.now() - frozen < 20_000, server.err);
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
  assert.equal(lines(server, 'service thread is stuck').length, 1);
});

test('SIGTERM ends a server with a stuck media thread, too', async (scene) => {
  const server = await scene.ownServer();
  const release = await freeze(server, 'media-0');
  const { status, tookMs } = await server.stop();
  await release();
  assert.equal(status, 0, server.err);
  assert.ok(tookMs < 4_000, `${tookMs} ms`);
});
