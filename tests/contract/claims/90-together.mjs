// What happens at the same time, and that nothing is left over.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumVideo, receives } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';

/** Asks again until the answer fits; the test's own limit ends it. */
async function until(ask, fits) {
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    await new Promise((done) => setImmediate(done));
  }
}

const statsOf = async (server) => (await fetch(`${server.url}/stats`)).json();

/** The consumers that a person was given and that were not closed since, by producer. */
function openConsumers(person) {
  const open = new Map();
  for (const { event, args } of person.heard) {
    if (event === 'new-consumer') open.set(args[0].consumerId, args[0].producerId);
    if (event === 'consumer-closed')
      assert.ok(open.delete(args[0].consumerId), 'a consumer closed twice, or before it was there');
  }
  return [...open.values()];
}

test('ten producers of one kind at once end in one, and each viewer has one consumer of it', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  const made = await Promise.all(Array.from({ length: 10 }, () => alice.produce('audio', chromiumAudio())));
  assert.equal(new Set(made).size, 10);
  const { producers } = await alice.ok('get-participant-stats');
  assert.equal(producers.audio.id, made.at(-1));
  await until(
    async () => openConsumers(bob),
    (open) => open.length === 1 && open[0] === made.at(-1),
  );
  await alice.settle(bob);
  assert.deepEqual(openConsumers(bob), [made.at(-1)]);
  assert.equal((await bob.ok('get-participant-stats')).consumers.totalConsumers, 1);
});

test('people who join, produce and leave at once leave nobody with a consumer of what is gone', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const others = await Promise.all(Array.from({ length: 12 }, (_, i) => scene.person(`p${i}`)));
  const stay = [];
  await Promise.all(
    others.map(async (person, i) => {
      await person.enter(room);
      const made = await person.produce('audio', chromiumAudio());
      await person.produce('video', chromiumVideo());
      if (i % 3 === 0) await person.ok('leave-room');
      else if (i % 3 === 1) person.socket.disconnect();
      else {
        await person.ok('close-producer', { kind: 'video' });
        stay.push(made);
      }
    }),
  );
  await until(
    async () => openConsumers(alice).sort(),
    (open) => JSON.stringify(open) === JSON.stringify([...stay].sort()),
  );
  await until(
    () => alice.count('participant-left'),
    (count) => count === 8,
  );
  await alice.settle();
  assert.deepEqual(openConsumers(alice).sort(), [...stay].sort());
  assert.equal(alice.count('participant-joined'), 12);
});

test('who disconnects with requests on their way leaves once, and nothing of him stays', async (scene) => {
  const server = await scene.ownServer();
  const alice = await scene.participant('alice', 'room', { server });
  const bob = await scene.participant('bob', 'room', { server });
  for (let i = 0; i < 20; ++i) {
    bob.emit('create-webrtc-transport', { roomId: 'room', direction: i % 2 ? 'send' : 'recv' });
    bob.emit('create-producer', { kind: 'audio', rtpParameters: chromiumAudio(), appData: {} });
    bob.emit('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) });
  }
  bob.socket.disconnect();
  await alice.next('participant-left');
  await until(
    () => statsOf(server),
    ({ totalParticipants, workerStats }) =>
      totalParticipants === 1 && workerStats.reduce((sum, { transports }) => sum + transports, 0) === 2,
  );
  await alice.settle();
  assert.equal(alice.count('participant-left'), 1);
  assert.deepEqual(openConsumers(alice), []);
});

test('leaving and joining in one breath is answered in order', async (scene) => {
  const [one, two] = [scene.room(), scene.room()];
  const person = await scene.participant('p', one);
  const replies = await Promise.all([
    person.request('leave-room'),
    person.request('join-room', { roomId: two }),
    person.request('create-webrtc-transport', { roomId: two, direction: 'send' }),
    person.request('leave-room'),
    person.request('leave-room'),
    person.request('create-webrtc-transport', { roomId: two, direction: 'send' }),
  ]);
  assert.deepEqual(
    replies.map(({ ok, error }) => ok || error.code),
    [true, true, true, true, 'not_in_room', 'not_in_room'],
  );
});

test('when everybody has left, rooms, routers, transports, producers and consumers are gone', async (scene) => {
  const server = await scene.ownServer({ RECONNECT_GRACE_SECONDS: '1' });
  const people = await Promise.all(
    Array.from({ length: 12 }, (_, i) => scene.participant(`p${i}`, `room ${i % 3}`, { server })),
  );
  for (const person of people) {
    await person.produce('audio', chromiumAudio());
    await person.produce('video', chromiumVideo());
  }
  await Promise.all(people.map((person) => person.hears('new-consumer', 6)));
  const full = await statsOf(server);
  assert.deepEqual([full.rooms, full.totalParticipants, full.totalProducers, full.totalConsumers], [3, 12, 24, 72]);
  people.forEach((person, i) =>
    i % 2 ? person.socket.disconnect() : person.socket.io.engine.transport.ws.terminate(),
  );
  const empty = await until(
    () => statsOf(server),
    ({ workerStats, rooms }) =>
      rooms === 0 &&
      workerStats.every(
        ({ routers, transports, producers, consumers }) => routers + transports + producers + consumers === 0,
      ),
  );
  assert.deepEqual(
    [empty.totalParticipants, empty.totalProducers, empty.totalConsumers, empty.roomStats],
    [0, 0, 0, []],
  );
});

test('a server that met nothing but good and bad clients still says OK', async (scene) => {
  const server = await scene.server();
  const answer = await fetch(`${server.url}/health`);
  assert.equal(answer.status, 200);
  assert.doesNotMatch(server.err, /internal_error|CHECK/);
});
