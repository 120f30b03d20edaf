// Section 2: leaving, vanishing and joining again, and Socket.IO's own connection state recovery.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumVideo } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape, isId } from '../lib/shape.mjs';
import { hs256, inSeconds, tokenOf } from '../lib/token.mjs';

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const webSocketOf = (person) => person.socket.io.engine.transport.ws;

/** Cuts the connection as a network does: without a word. */
async function cut(person) {
  webSocketOf(person).terminate();
  await person.next('#disconnect');
}

/** The same socket.io-client again, which is what asks for recovery. */
async function comeBack(person) {
  person.socket.connect();
  await person.next('#connect');
}

async function two(scene, options = {}) {
  const room = scene.room();
  const alice = await scene.participant('alice', room, options);
  const bob = await scene.participant('bob', room, options);
  return { room, alice, bob };
}

async function gone(alice, afterMs, withinMs) {
  const started = performance.now();
  await alice.next('participant-left', ({ participantId }) => participantId === 'bob');
  const tookMs = performance.now() - started;
  assert.ok(tookMs >= afterMs, `gone after ${tookMs} ms`);
  assert.ok(tookMs < withinMs, `gone only after ${tookMs} ms`);
}

test('a Socket.IO disconnect, leave-room and a close with 1001 are leavings at once', async (scene) => {
  const ways = {
    disconnect: (bob) => bob.socket.disconnect(),
    'leave-room': (bob) => bob.emit('leave-room'),
    1001: (bob) => webSocketOf(bob).close(1001),
  };
  for (const leave of Object.values(ways)) {
    const { alice, bob } = await two(scene);
    leave(bob);
    await gone(alice, 0, 1000);
    await alice.settle();
    assert.equal(alice.count('participant-left'), 1);
  }
});

test('a leave-room just before the connection breaks off is a leaving', async (scene) => {
  const { alice, bob } = await two(scene);
  bob.emit('create-producer', { kind: 'video', rtpParameters: chromiumVideo(), appData: {} });
  bob.emit('leave-room');
  await later(1); // Until then socket.io-client has not written it.
  webSocketOf(bob).close(4000);
  await gone(alice, 0, 1000);
});

test('after any other end somebody without media is gone after 5 s, once and not before', async (scene) => {
  const ends = [
    (bob) => webSocketOf(bob).terminate(),
    (bob) => webSocketOf(bob).close(),
    (bob) => webSocketOf(bob).close(1000),
    (bob) => webSocketOf(bob).close(4001),
    (bob) => bob.socket.io.engine.close(),
    (bob) => webSocketOf(bob).send('4no packet'),
  ];
  await Promise.all(
    ends.map(async (end) => {
      const { alice, bob } = await two(scene);
      await bob.produce('video', chromiumVideo());
      await alice.next('new-consumer');
      const from = alice.heard.length;
      end(bob);
      await gone(alice, 4500, 7000);
      assert.deepEqual(alice.names(from), [
        'consumer-producer-closed',
        'consumer-closed',
        'producer-closed',
        'participant-left',
      ]);
    }),
  );
});

test('a client on polling that stops asking is vanished', async (scene) => {
  const { room, alice } = await two(scene);
  const carol = await scene.participant('carol', room, { transports: ['polling'], upgrade: false });
  await alice.next('participant-joined', ({ participantId }) => participantId === 'carol');
  carol.socket.io.engine.close();
  await later(1000);
  assert.equal(alice.count('participant-left'), 0);
  await alice.next('participant-left', ({ participantId }) => participantId === 'carol');
});

test('RECONNECT_GRACE_SECONDS is for how long, and 0 lets everybody leave at once', async (scene) => {
  for (const [seconds, least, most] of [
    ['0', 0, 1000],
    ['2', 1500, 4000],
  ]) {
    const server = await scene.ownServer({ RECONNECT_GRACE_SECONDS: seconds });
    const { alice, bob } = await two(scene, { server });
    webSocketOf(bob).terminate();
    await gone(alice, least, most);
  }
});

const STATE = {
  rtpCapabilities: 'object',
  resumed: (value) => value === true,
  transports: [{ id: isId, direction: /^(send|recv)$/, connected: 'boolean', iceState: 'string', dtlsState: 'string' }],
  producers: [
    { id: isId, producerId: isId, kind: /^(audio|video)$/, mediaType: 'string', paused: 'boolean', appData: 'object' },
  ],
  consumers: [
    {
      id: isId,
      consumerId: isId,
      participantId: 'string',
      producerId: isId,
      kind: /^(audio|video)$/,
      mediaType: 'string',
      rtpParameters: 'object',
      paused: 'boolean',
      consumerPaused: 'boolean',
      producerPaused: 'boolean',
      appData: 'object',
    },
  ],
  participants: [{ participantId: 'string', userInfo: 'object', producers: 'list' }],
};

test('with resume everything is had back, the reply tells it, and the others hear nothing', async (scene) => {
  const { room, alice, bob } = await two(scene);
  await alice.produce('audio', chromiumAudio());
  const offer = await bob.next('new-consumer');
  await bob.ok('resume-consumer', { consumerId: offer.consumerId });
  const producer = await bob.produce('video', chromiumVideo());
  await bob.ok('pause-producer', { kind: 'video' });
  await alice.settle(bob);
  const from = alice.heard.length;
  await cut(bob);
  const again = await scene.person('bob');
  const reply = await again.ok('join-room', { roomId: room, resume: true });
  assertShape(reply, STATE);
  assert.deepEqual(
    reply.transports.map(({ id, direction }) => [direction, id]),
    [
      ['send', bob.send.id],
      ['recv', bob.recv.id],
    ],
  );
  assert.deepEqual(
    reply.producers.map(({ id, kind, paused }) => ({ id, kind, paused })),
    [{ id: producer, kind: 'video', paused: true }],
  );
  const [{ id, paused, ...rest }, ...more] = reply.consumers;
  assert.deepEqual(more, []);
  assert.equal(id, offer.consumerId);
  assert.equal(paused, false);
  assert.deepEqual(rest, { ...offer, consumerPaused: false });
  assert.deepEqual(
    reply.participants.map(({ participantId }) => participantId),
    ['alice'],
  );
  await again.ok('resume-producer', { kind: 'video' });
  await alice.settle();
  assert.deepEqual(alice.names(from), ['consumer-producer-resumed', 'producer-state-changed']);
  await later(5500);
  assert.equal(alice.count('participant-left'), 0);
});

test('without an acknowledgement the reply event carries the same', async (scene) => {
  const { room, bob } = await two(scene);
  await cut(bob);
  const again = await scene.person('bob');
  const reply = await again.reply('join-room', { roomId: room, resume: true }, 'router-rtp-capabilities');
  assertShape(reply, STATE);
  assert.equal(reply.transports.length, 2);
});

test('with resume a connection that looks alive is closed without a word', async (scene) => {
  const { room, alice, bob } = await two(scene);
  const from = { alice: alice.heard.length, bob: bob.heard.length };
  const again = await scene.person('bob');
  assert.equal((await again.ok('join-room', { roomId: room, resume: true })).resumed, true);
  assert.equal(await bob.next('#disconnect'), 'transport close');
  assert.deepEqual(bob.names(from.bob), ['#disconnect']);
  await alice.settle();
  assert.deepEqual(alice.names(from.alice), []);
  await again.produce('audio', chromiumAudio());
  await alice.next('new-consumer');
});

test('resume where nothing is kept joins anew', async (scene) => {
  const room = scene.room();
  const bob = await scene.person('bob');
  const reply = await bob.ok('join-room', { roomId: room, resume: true });
  assert.equal(reply.resumed, false);
  assert.ok(!('transports' in reply));
  await bob.ok('leave-room');
  assert.equal((await bob.ok('join-room', { roomId: room, resume: true })).resumed, false);
});

test('what happened while somebody was away is in the reply, and what was made follows it', async (scene) => {
  const { room, alice, bob } = await two(scene);
  const carol = await scene.participant('carol', room);
  const audio = await alice.produce('audio', chromiumAudio());
  await carol.produce('audio', chromiumAudio());
  await bob.hears('new-consumer', 2);
  await cut(bob);
  const video = await alice.produce('video', chromiumVideo());
  await alice.ok('pause-producer', { kind: 'audio' });
  carol.socket.disconnect();
  await alice.next('participant-left');
  await scene.participant('dave', room);
  const again = await scene.person('bob');
  const { consumers, participants } = await again.ok('join-room', { roomId: room, resume: true });
  const states = Object.fromEntries(consumers.map(({ producerId, producerPaused }) => [producerId, producerPaused]));
  assert.deepEqual(states, { [audio]: true, [video]: false });
  assert.deepEqual(participants.map(({ participantId }) => participantId).sort(), ['alice', 'dave']);
  const made = await again.next('new-consumer');
  assert.equal(made.producerId, video);
  assert.deepEqual(made.rtpParameters, consumers.find(({ producerId }) => producerId === video).rtpParameters);
  await again.settle();
  assert.equal(again.count('new-consumer'), 1);
});

test('without resume a vanished one leaves and a new one joins', async (scene) => {
  const { room, alice, bob } = await two(scene);
  await bob.produce('video', chromiumVideo());
  await alice.next('new-consumer');
  await cut(bob);
  const from = alice.heard.length;
  const again = await scene.participant('bob', room);
  await alice.next('participant-joined', ({ participantId }) => participantId === 'bob');
  assert.deepEqual(alice.names(from), [
    'consumer-producer-closed',
    'consumer-closed',
    'producer-closed',
    'participant-left',
    'participant-joined',
  ]);
  assert.equal(again.count('participant-replaced'), 0);
});

test('resuming touches no other room and no second connection of the same user', async (scene) => {
  const { room, bob } = await two(scene);
  const elsewhere = await scene.participant('bob', scene.room());
  const idle = await scene.person('bob');
  await cut(bob);
  const again = await scene.person('bob');
  await again.ok('join-room', { roomId: room, resume: true });
  for (const other of [elsewhere, idle]) {
    await other.settle();
    assert.equal(other.count('#disconnect'), 0);
  }
});

test('nobody resumes another person', async (scene) => {
  const { room, bob } = await two(scene);
  await cut(bob);
  const eve = await scene.person('eve');
  assert.equal((await eve.ok('join-room', { roomId: room, resume: true })).resumed, false);
});

test('a producer that was asked for as the connection broke off is there once', async (scene) => {
  const { room, alice, bob } = await two(scene);
  bob.emit('create-producer', { kind: 'video', rtpParameters: chromiumVideo(), appData: {} });
  webSocketOf(bob).close(4000);
  await alice.next('new-consumer');
  const again = await scene.person('bob');
  const { producers } = await again.ok('join-room', { roomId: room, resume: true });
  assert.equal(producers.length, 1);
  await alice.settle();
  assert.equal(alice.count('new-consumer'), 1);
});

test('coming back many times at once ends with one connection and nothing left over', async (scene) => {
  const server = await scene.ownServer();
  const { room, alice, bob } = await two(scene, { server });
  await bob.produce('video', chromiumVideo());
  const tries = await Promise.all(Array.from({ length: 8 }, () => scene.person('bob', { server })));
  for (const one of tries) one.emit('join-room', { roomId: room, resume: true });
  await alice.settle();
  await later(500);
  assert.equal(tries.filter((one) => one.count('#disconnect') === 0).length, 1);
  assert.equal(alice.count('participant-left'), 0);
  const stats = await (await fetch(`${server.url}/stats`)).json();
  assert.deepEqual([stats.totalParticipants, stats.totalProducers, stats.totalConsumers], [2, 1, 1]);
});

test('socket.io-client recovers its session: id, participant and missed events', async (scene) => {
  const { alice, bob } = await two(scene);
  const id = bob.socket.id;
  assert.ok(!bob.socket.recovered);
  const from = alice.heard.length;
  await cut(bob);
  const video = await alice.produce('video', chromiumVideo());
  await alice.ok('pause-producer', { kind: 'video' });
  const missedFrom = bob.heard.length;
  await comeBack(bob);
  assert.equal(bob.socket.recovered, true);
  assert.equal(bob.socket.id, id);
  assert.equal((await bob.next('new-consumer')).producerId, video);
  await bob.next('producer-state-changed');
  assert.deepEqual(bob.names(missedFrom), [
    '#connect',
    'new-consumer',
    'consumer-producer-paused',
    'producer-state-changed',
  ]);
  await bob.produce('audio', chromiumAudio());
  await alice.settle();
  assert.deepEqual(alice.names(from), ['new-consumer'], 'bob acts without joining again, and never left');
});

test('each event carries its offset as its last argument, and an acknowledgement does not', async (scene) => {
  const { bob } = await two(scene);
  const offsets = bob.heard.filter(({ event }) => !event.startsWith('#')).map(({ offset }) => offset);
  assert.ok(offsets.length > 0 && offsets.every((offset) => typeof offset === 'string'), `${offsets}`);
  assert.equal(new Set(offsets).size, offsets.length);
  const acknowledged = await new Promise((resolve) =>
    bob.socket.emit('pause-producer', { kind: 'video' }, (...all) => resolve(all)),
  );
  assert.equal(acknowledged.length, 1);
});

test('join-room in a recovered session resumes, without being asked to', async (scene) => {
  const { room, alice, bob } = await two(scene);
  const from = alice.heard.length;
  await cut(bob);
  await comeBack(bob);
  const reply = await bob.ok('join-room', { roomId: room });
  assertShape(reply, STATE);
  assert.equal(reply.transports.length, 2);
  await alice.settle();
  assert.deepEqual(alice.names(from), []);
});

test('a session is recovered time and again, on polling and after an upgrade too', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  for (const transports of [['polling'], ['polling', 'websocket'], ['websocket']]) {
    const bob = await scene.participant('bob', room, { transports });
    for (let i = 0; i < 3; ++i) {
      bob.socket.io.engine.close();
      await bob.next('#disconnect');
      await alice.produce('audio', chromiumAudio());
      await comeBack(bob);
      assert.equal(bob.socket.recovered, true, `${transports} ${i}`);
      await bob.next('new-consumer');
    }
    bob.socket.disconnect();
    await alice.next('participant-left');
  }
});

test('a session is recovered from a connection that looks alive, which is closed without a word', async (scene) => {
  const { alice, bob } = await two(scene);
  const from = { alice: alice.heard.length, bob: bob.heard.length };
  const { _pid: pid, _lastOffset: offset } = bob.socket;
  const again = await scene.person('bob', { auth: { token: tokenOf('bob'), pid, offset } });
  assert.equal(again.socket._pid, pid);
  assert.equal(await bob.next('#disconnect'), 'transport close');
  assert.deepEqual(bob.names(from.bob), ['#disconnect']);
  await again.produce('video', chromiumVideo());
  await alice.settle();
  assert.deepEqual(alice.names(from.alice), ['new-consumer']);
});

test("a stolen pid recovers nothing, and its owner's session stays", async (scene) => {
  const { bob } = await two(scene);
  const id = bob.socket.id;
  await cut(bob);
  const { _pid: pid, _lastOffset: offset } = bob.socket;
  const eve = await scene.person('eve', { auth: { token: tokenOf('eve'), pid, offset } });
  assert.notEqual(eve.socket._pid, pid);
  assert.notEqual(eve.socket.id, id);
  await eve.refused('leave-room', undefined, 'not_in_room');
  await comeBack(bob);
  assert.equal(bob.socket.recovered, true);
});

test('the token is checked again when a session is recovered', async (scene) => {
  const { bob } = await two(scene);
  await cut(bob);
  const { _pid: pid, _lastOffset: offset } = bob.socket;
  for (const [token, code] of [
    [hs256({ userId: 'bob', exp: inSeconds(-10) }), 'token_expired'],
    [hs256({ userId: 'bob' }, 'another secret of some length'), 'token_invalid'],
    [undefined, 'token_missing'],
  ]) {
    const thief = await scene.stranger({ auth: { token, pid, offset } });
    assert.equal((await thief.next('#connect_error')).data.code, code);
  }
});

test('who left, or was sent away, starts a new session', async (scene) => {
  const { room, bob } = await two(scene);
  bob.socket.disconnect();
  await comeBack(bob);
  assert.ok(!bob.socket.recovered);
  await bob.ok('join-room', { roomId: room });
  await scene.participant('bob', room);
  assert.equal(await bob.next('#disconnect', (reason) => reason === 'io server disconnect'), 'io server disconnect');
  await comeBack(bob);
  assert.ok(!bob.socket.recovered);
});

test('nonsense for a pid or an offset starts a session or gets all that was missed', async (scene) => {
  const { alice, bob } = await two(scene);
  for (const pid of [7, null, {}, [], 'x', 'x'.repeat(10_000), '__proto__']) {
    const stranger = await scene.person('bob', { auth: { token: tokenOf('bob'), pid, offset: pid } });
    assert.notEqual(stranger.socket.id, bob.socket.id);
    stranger.socket.disconnect();
  }
  const offset = bob.socket._lastOffset;
  await cut(bob);
  await alice.produce('audio', chromiumAudio());
  for (const wrong of [undefined, 'x', `${offset}1`, offset.replace(/.$/, '')]) {
    bob.socket._lastOffset = wrong;
    await comeBack(bob);
    assert.equal(bob.socket.recovered, true);
    await bob.next('new-consumer');
    await cut(bob);
  }
});

test('more missed events than are kept start a new session, and resume helps', async (scene) => {
  const server = await scene.ownServer({ RECONNECT_GRACE_SECONDS: '60', RATE_HEAVY_EVENTS: '1000/1000' });
  const { room, alice, bob } = await two(scene, { server });
  await alice.produce('audio', chromiumAudio());
  await cut(bob);
  for (let i = 0; i < 600; ++i) alice.emit(i % 2 ? 'resume-producer' : 'pause-producer', { kind: 'audio' });
  await alice.settle();
  await comeBack(bob);
  assert.ok(!bob.socket.recovered);
  assert.equal((await bob.ok('join-room', { roomId: room, resume: true })).resumed, true);
});
