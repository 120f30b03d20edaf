// Section 6 and the events of it that ask for or tell of quality.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumVideo } from '../lib/media.mjs';
import { raw } from '../lib/raw.mjs';
import { test } from '../lib/runner.mjs';

const NOBODY = '11111111-2222-3333-4444-555555555555';
const requests = {
  'set-consumer-priority': ['Failed to set priority', (consumerId) => ({ consumerId, priority: 7 })],
  'request-key-frame': ['Failed to request key frame', (consumerId) => ({ consumerId })],
};

async function call(scene, options = {}) {
  const room = scene.room();
  const alice = await scene.participant('alice', room, options);
  const bob = await scene.participant('bob', room, options);
  await alice.produce('audio', chromiumAudio());
  await alice.produce('video', chromiumVideo());
  const audio = await bob.next('new-consumer', ({ kind }) => kind === 'audio');
  const video = await bob.next('new-consumer', ({ kind }) => kind === 'video');
  return { room, alice, bob, audio, video };
}

for (const [event, [message, payload]] of Object.entries(requests)) {
  test(`${event} is acknowledged with ok alone, and emits nothing without an acknowledgement`, async (scene) => {
    const { bob, video } = await call(scene);
    assert.deepEqual(await bob.request(event, payload(video.consumerId)), { ok: true });
    const before = bob.heard.length;
    bob.emit(event, payload(video.consumerId));
    await bob.settle();
    assert.deepEqual(bob.names(before), []);
  });

  test(`${event} works for audio, for paused and for resumed consumers, again and again`, async (scene) => {
    const { bob, audio, video } = await call(scene);
    for (const { consumerId } of [audio, video]) {
      await bob.ok(event, payload(consumerId));
      await bob.ok('resume-consumer', { consumerId });
      for (let i = 0; i < 5; ++i) await bob.ok(event, payload(consumerId));
    }
  });

  test(`${event} of a consumer that is not one's own is not_found: ${message}`, async (scene) => {
    const { alice, bob, video } = await call(scene);
    for (const person of [alice, bob])
      for (const id of [NOBODY, '', 'x', '__proto__', ...(person === alice ? [video.consumerId] : [])])
        assert.equal((await person.refused(event, payload(id), 'not_found')).message, message);
  });

  test(`${event} without a consumerId, or with a wrong one, is invalid_request and names it`, async (scene) => {
    const { bob } = await call(scene);
    for (const consumerId of [undefined, null, 7, {}, [], true]) {
      const { detail } = await bob.refused(event, payload(consumerId), 'invalid_request');
      assert.match(detail, /consumerId/);
    }
    for (const body of [null, 'x', 7, []]) await bob.refused(event, body, 'invalid_request');
  });

  test(`${event} outside a room is not_in_room, before a transport no_transport`, async (scene) => {
    const person = await scene.person();
    const error = await person.fails(event, payload(NOBODY));
    assert.deepEqual([error.message, error.code], [message, 'not_in_room']);
    await person.join(scene.room());
    await person.refused(event, payload(NOBODY), 'no_transport');
  });
}

test('a priority is an integer from 1 to 255', async (scene) => {
  const { bob, video } = await call(scene);
  const { consumerId } = video;
  for (const priority of [1, 128, 255]) await bob.ok('set-consumer-priority', { consumerId, priority });
  for (const priority of [undefined, null, 0, 256, -1, 1.5, '7', true, 1e300]) {
    const { detail } = await bob.refused('set-consumer-priority', { consumerId, priority }, 'invalid_request');
    assert.match(detail, priority == null ? /priority/ : /priority.*1 to 255/);
  }
});

test('a priority is in the statistics of its consumer', async (scene) => {
  const { bob, video } = await call(scene);
  await bob.ok('set-consumer-priority', { consumerId: video.consumerId, priority: 200 });
  const { consumers } = await bob.ok('get-participant-stats');
  const priorities = consumers.details.map(({ id, stats }) => [id === video.consumerId, stats[0].priority]);
  assert.deepEqual(
    priorities.sort(([a], [b]) => a - b),
    [
      [false, 1],
      [true, 200],
    ],
  );
});

test('a stream that has just begun has the best score', async (scene) => {
  const { bob } = await call(scene);
  const { consumers } = await bob.ok('get-participant-stats');
  for (const { stats } of consumers.details) assert.equal(stats[0].score, 10);
});

test('no proxy on this machine makes its callers look local to /stats', async (scene) => {
  const server = await scene.ownServer();
  await call(scene, { server });
  const isShown = async (headers) => (await raw(server.url, { path: '/stats', headers })).text.includes('alice');
  assert.equal(await isShown({}), true);
  assert.equal(await isShown({ Host: `localhost:${server.port}` }), true);
  for (const headers of [
    { 'X-Forwarded-For': '203.0.113.9' },
    { 'X-Forwarded-For': '127.0.0.1' },
    { 'X-Real-IP': '127.0.0.1' },
    { Forwarded: 'for=127.0.0.1' },
    { Via: '1.1 proxy' },
    { 'X-Forwarded-Proto': 'https' },
    { Host: 'meet.example.org' },
    { Host: 'localhost.example.org' },
  ])
    assert.equal(await isShown(headers), false, JSON.stringify(headers));
});
