// Section 4: the peer-to-peer service. Nobody here has a media participant unless a test says so.
import { strict as assert } from 'node:assert';
import { chromiumAudio } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape } from '../lib/shape.mjs';

const ENABLED = { audioEnabled: true, videoEnabled: true };
const info = (userId) => ({ email: `${userId}@example.test`, userId });

/** Somebody in the peer-to-peer room. */
async function peer(scene, userId, roomId, { mediaState = ENABLED, ...options } = {}) {
  const person = await scene.person(userId, options);
  await person.ok('ready', { roomId, mediaState });
  return person;
}

/** People in one peer-to-peer room, after all that their coming caused. */
async function peers(scene, roomId, ...userIds) {
  const people = [];
  for (const userId of userIds) people.push(await peer(scene, userId, roomId));
  for (const person of people) await heardAll(person);
  return people;
}

/** After this the person has heard all that was sent to it because of earlier requests that were answered. */
const heardAll = (person) => person.request('chat:typing-stop', {});

/** What each hears while `act` runs, as [event, payload]. */
async function hearing(people, act) {
  const from = people.map((person) => person.heard.length);
  await act();
  for (const person of people) await heardAll(person);
  return people.map((person, i) => person.heard.slice(from[i]).map(({ event, args }) => [event, args[0]]));
}

test('peer to peer: ready gives everybody the room, and the others the newcomer', async (scene) => {
  const room = scene.room();
  const alice = await peer(scene, 'alice', room, { mediaState: { audioEnabled: false, videoEnabled: true } });
  assert.deepEqual(alice.names(1), ['room-data']);
  assert.deepEqual(await alice.next('room-data'), {
    participants: ['alice'],
    mediaState: { alice: { audioEnabled: false, videoEnabled: true } },
    participantInfo: { alice: info('alice') },
  });
  const bob = await peer(scene, 'bob', room);
  const data = await bob.next('room-data');
  assert.deepEqual(data, {
    participants: ['alice', 'bob'],
    mediaState: { alice: { audioEnabled: false, videoEnabled: true }, bob: ENABLED },
    participantInfo: { alice: info('alice'), bob: info('bob') },
  });
  assert.deepEqual(await alice.next('room-data'), data);
  assert.deepEqual(await alice.next('user-joined'), { userId: 'bob', userEmail: 'bob@example.test' });
  assert.equal(bob.count('user-joined'), 0);
});

test('peer to peer: room-data comes before what it explains', async (scene) => {
  const room = scene.room();
  const [alice] = await peers(scene, room, 'alice');
  const bob = await scene.person('bob');
  const [forAlice, forBob] = await hearing([alice, bob], () => bob.ok('ready', { roomId: room, mediaState: ENABLED }));
  assert.deepEqual(
    forAlice.map(([event]) => event),
    ['room-data', 'user-joined', 'initiate-connection'],
  );
  assert.deepEqual(
    forBob.map(([event]) => event),
    ['room-data', 'initiate-connection'],
  );
});

test('peer to peer: each pair has one initiator, the smaller id, in whatever order people come', async (scene) => {
  const ids = ['b', 'a', 'B', '10', '9', 'é', 'ab', '\u{1f600}', 'Ａ'];
  const people = await peers(scene, scene.room(), ...ids);
  for (const person of people) {
    await person.hears('initiate-connection', ids.length - 1);
    const told = person.heard.filter(({ event }) => event === 'initiate-connection').map(({ args }) => args[0]);
    const expected = ids
      .filter((id) => id !== person.userId)
      .map((targetUserId) => ({ targetUserId, isInitiator: person.userId < targetUserId }));
    const order = (list) => [...list].sort((x, y) => (x.targetUserId < y.targetUserId ? -1 : 1));
    assert.deepEqual(order(told), order(expected), person.userId);
  }
});

test('peer to peer: ready without an acknowledgement works as old clients send it', async (scene) => {
  const room = scene.room();
  const person = await scene.person('p');
  person.emit('ready', { roomId: room, mediaState: ENABLED });
  assert.deepEqual((await person.next('room-data')).participants, ['p']);
  await heardAll(person);
  assert.deepEqual(person.names(1), ['room-data']);
});

test('peer to peer: ready again from the same connection renews its state and calls nobody anew', async (scene) => {
  const room = scene.room();
  const [alice, bob] = await peers(scene, room, 'alice', 'bob');
  const muted = { audioEnabled: false, videoEnabled: false };
  const [forAlice, forBob] = await hearing([alice, bob], () => bob.ok('ready', { roomId: room, mediaState: muted }));
  for (const heard of [forAlice, forBob]) {
    assert.deepEqual(
      heard.map(([event]) => event),
      ['room-data'],
    );
    assert.deepEqual(heard[0][1].mediaState, { alice: ENABLED, bob: muted });
  }
});

test('peer to peer: a page that was loaded again takes its old place, and its end is not told twice', async (scene) => {
  const room = scene.room();
  const [alice, old] = await peers(scene, room, 'alice', 'bob');
  const fresh = await scene.person('bob');
  const [forAlice, forFresh, forOld] = await hearing([alice, fresh, old], () =>
    fresh.ok('ready', { roomId: room, mediaState: ENABLED }),
  );
  assert.deepEqual(
    forAlice.map(([event]) => event),
    ['user-left', 'room-data', 'user-joined', 'initiate-connection'],
  );
  assert.deepEqual(forAlice[1][1].participants, ['alice', 'bob']);
  assert.deepEqual(
    forFresh.map(([event]) => event),
    ['room-data', 'initiate-connection'],
  );
  assert.deepEqual(forOld, []);
  assert.ok(old.socket.connected);
  await old.refused('call-user', { to: 'alice', offer: {} }, 'not_in_room');
  old.socket.disconnect();
  await alice.ok('call-user', { to: 'bob', offer: { n: 1 } });
  assert.deepEqual(await fresh.next('call-user'), { from: 'alice', offer: { n: 1 } });
  await heardAll(alice);
  assert.equal(alice.count('user-left'), 1);
});

test('peer to peer: ready for another room leaves the first, and a refused one does not', async (scene) => {
  const [one, two] = [scene.room(), scene.room()];
  const [alice, bob] = await peers(scene, one, 'alice', 'bob');
  await bob.refused('ready', { roomId: '', mediaState: ENABLED }, 'invalid_request');
  await bob.ok('chat:typing-start', { roomId: one });
  await bob.ok('ready', { roomId: two, mediaState: ENABLED });
  assert.equal(await alice.next('user-left'), 'bob');
  await bob.refused('chat:typing-start', { roomId: one }, 'not_in_room');
  await bob.ok('chat:typing-start', { roomId: two });
});

const RELAYS = [
  ['call-user', 'call-user', 'offer'],
  ['make-answer', 'answer-made', 'answer'],
  ['ice-candidate', 'ice-candidate', 'candidate'],
  ['screen-share-call', 'screen-share-call', 'offer'],
  ['screen-share-answer', 'screen-share-answer', 'answer'],
  ['screen-share-candidate', 'screen-share-candidate', 'candidate'],
];

for (const [event, arrivesAs, field] of RELAYS) {
  test(`peer to peer: ${event} arrives as ${arrivesAs} from its sender, and at nobody else`, async (scene) => {
    const room = scene.room();
    const [alice, bob, carol] = await peers(scene, room, 'alice', 'bob', 'carol');
    const content = {
      type: 'offer',
      sdp: 'v=0\r\no=- 46117 2 IN IP4 127.0.0.1\r\n',
      nested: [{ a: null, 'ü': '\u{1f600}\u0000\u2028' }, [[[]]], 1.5, -0.25, 1e21, 2 ** 53 - 1, true],
      __proto: {},
      '': '',
    };
    const [forAlice, forBob, forCarol] = await hearing([alice, bob, carol], () =>
      alice.ok(event, { to: 'bob', [field]: content, from: 'carol' }),
    );
    assert.deepEqual(forBob, [[arrivesAs, { from: 'alice', [field]: content }]]);
    assert.deepEqual([forAlice, forCarol], [[], []]);
    alice.emit(event, { to: 'bob', [field]: null });
    assert.deepEqual(await bob.next(arrivesAs, (payload) => payload[field] === null), { from: 'alice', [field]: null });
    const refused = await alice.fails(event, { to: 'somebody', [field]: content });
    assert.equal(refused.code, 'not_in_room');
    assertShape(refused, { message: 'string', code: 'string', event: 'string', 'detail?': 'string' });
  });

  test(`peer to peer: ${event} reaches only people in the same room`, async (scene) => {
    const room = scene.room();
    const [alice] = await peers(scene, room, 'alice');
    const [stranger] = await peers(scene, scene.room(), 'stranger');
    const outside = await scene.person('outside');
    const inMediaRoom = await scene.participant('media', room);
    for (const to of ['stranger', 'outside', 'media', 'nobody', ''])
      await alice.refused(event, { to, [field]: {} }, 'not_in_room');
    for (const person of [stranger, outside, inMediaRoom])
      await person.refused(event, { to: 'alice', [field]: {} }, 'not_in_room');
    for (const to of [undefined, null, 7, ['alice'], { toString: 'alice' }])
      await alice.refused(event, { to, [field]: {} }, 'invalid_request');
    for (const person of [alice, stranger, outside, inMediaRoom]) assert.equal(person.count(arrivesAs), 0);
  });
}

test('peer to peer: binary parts of what is relayed arrive as they are', async (scene) => {
  const [alice, bob] = await peers(scene, scene.room(), 'alice', 'bob');
  const bytes = Buffer.from([0, 255, 1, 2, 3]);
  await alice.ok('call-user', { to: 'bob', offer: { sdp: 'x', key: bytes, more: [Buffer.alloc(0)] } });
  const { from, offer } = await bob.next('call-user');
  assert.deepEqual([from, offer.sdp], ['alice', 'x']);
  assert.ok(bytes.equals(offer.key));
  assert.equal(offer.more[0].length, 0);
  await alice.refused('chat:message', { roomId: 'x', message: bytes }, 'invalid_request');
});

test('peer to peer: what looks like the mark of a binary part without one harms nobody', async (scene) => {
  const [alice, bob] = await peers(scene, scene.room(), 'alice', 'bob');
  const offer = { _placeholder: true, num: 99 };
  await alice.ok('call-user', { to: 'bob', offer });
  assert.deepEqual(await bob.next('call-user'), { from: 'alice', offer });
  await alice.refused('call-user', { to: 'bob', offer: 1, _placeholder: true, num: 0 }, 'invalid_request');
  await heardAll(bob);
  assert.ok(bob.socket.connected);
});

test('peer to peer: what one sends to another arrives in order, a burst of candidates too', async (scene) => {
  const [alice, bob] = await peers(scene, scene.room(), 'alice', 'bob');
  for (let i = 0; i < 200; ++i) alice.emit('ice-candidate', { to: 'bob', candidate: { i } });
  await bob.hears('ice-candidate', 200);
  const order = bob.heard.filter(({ event }) => event === 'ice-candidate').map(({ args }) => args[0].candidate.i);
  assert.deepEqual(
    order,
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test('peer to peer: the others hear of the beginning and the end of a screen share, and whose it is', async (scene) => {
  const room = scene.room();
  const people = await peers(scene, room, 'alice', 'bob', 'carol');
  const [alice] = people;
  const [forAlice, ...forOthers] = await hearing(people, async () => {
    await alice.ok('screen-share-started', { roomId: room });
    await alice.ok('screen-share-stopped', { roomId: room });
  });
  assert.deepEqual(forAlice, []);
  for (const heard of forOthers)
    assert.deepEqual(heard, [
      ['screen-share-started', { userId: 'alice' }],
      ['screen-share-stopped', { userId: 'alice' }],
    ]);
});

test('peer to peer: who comes while a screen is shared hears of it, and the sharer calls', async (scene) => {
  const room = scene.room();
  const [alice, bob] = await peers(scene, room, 'alice', 'bob');
  await bob.ok('screen-share-started', { roomId: room });
  const carol = await peer(scene, 'carol', room);
  assert.deepEqual(await carol.next('screen-share-started'), { userId: 'bob' });
  assert.deepEqual(await bob.next('initiate-screen-connection'), { targetUserId: 'carol', isInitiator: true });
  for (const person of [alice, bob, carol]) await heardAll(person);
  assert.equal(alice.count('initiate-screen-connection') + carol.count('initiate-screen-connection'), 0);
  await bob.ok('screen-share-stopped', { roomId: room });
  const dave = await peer(scene, 'dave', room);
  await heardAll(dave);
  assert.equal(dave.count('screen-share-started'), 0);
});

test('peer to peer: screen-share-ready gives the sharer one initiate-screen-connection for each of the others', async (scene) => {
  const room = scene.room();
  const people = await peers(scene, room, 'alice', 'bob', 'carol');
  const [alice, bob] = people;
  await bob.ok('screen-share-started', { roomId: room });
  await heardAll(alice);
  const [forAlice, forBob, forCarol] = await hearing(people, () => bob.ok('screen-share-ready', { roomId: room }));
  assert.deepEqual(forBob, [
    ['initiate-screen-connection', { targetUserId: 'alice', isInitiator: true }],
    ['initiate-screen-connection', { targetUserId: 'carol', isInitiator: true }],
  ]);
  assert.deepEqual(
    [forAlice, forCarol].flat().filter(([event]) => event !== 'screen-share-started'),
    [],
  );
});

test('peer to peer: media-state-change reaches the others and stays in the room', async (scene) => {
  const room = scene.room();
  const people = await peers(scene, room, 'alice', 'bob', 'carol');
  const change = { audioEnabled: false, videoEnabled: true };
  const [forAlice, ...forOthers] = await hearing(people, () =>
    people[0].ok('media-state-change', { roomId: room, ...change }),
  );
  assert.deepEqual(forAlice, []);
  for (const heard of forOthers) assert.deepEqual(heard, [['media-state-update', { userId: 'alice', ...change }]]);
  const dave = await peer(scene, 'dave', room);
  assert.deepEqual((await dave.next('room-data')).mediaState.alice, change);
  await people[0].refused('media-state-change', { roomId: room, audioEnabled: 'no', videoEnabled: true }, 'invalid_request');
  await people[0].refused('media-state-change', { roomId: room }, 'invalid_request');
});

test('peer to peer: a chat message reaches everybody in the room, trimmed, with the identity of the token', async (scene) => {
  const room = scene.room();
  const people = await peers(scene, room, 'alice', 'bob', 'carol');
  const [stranger] = await peers(scene, scene.room(), 'stranger');
  const heard = await hearing([...people, stranger], () =>
    people[0].ok('chat:message', {
      roomId: room,
      message: '\u00a0 hello\nthere \u3000\ufeff',
      timestamp: 1700000000123,
      type: 'emoji',
      userId: 'bob',
      userEmail: 'bob@example.test',
    }),
  );
  const expected = {
    userId: 'alice',
    userEmail: 'alice@example.test',
    message: 'hello\nthere',
    timestamp: 1700000000123,
    type: 'emoji',
  };
  for (const one of heard.slice(0, 3)) assert.deepEqual(one, [['chat:message', expected]]);
  assert.deepEqual(heard[3], []);
});

test('peer to peer: the type of a chat message is text by default, its timestamp as it came', async (scene) => {
  const room = scene.room();
  const [alice, bob] = await peers(scene, room, 'alice', 'bob');
  for (const timestamp of ['2026-01-02T03:04:05.678Z', 0, 1.25, null]) {
    await alice.ok('chat:message', { roomId: room, message: 'x', timestamp });
    const { type, timestamp: came } = await bob.next('chat:message');
    assert.deepEqual([type, came], ['text', timestamp]);
  }
  await alice.ok('chat:message', { roomId: room, message: 'x', timestamp: new Date(0) });
  assert.equal((await bob.next('chat:message')).timestamp, '1970-01-01T00:00:00.000Z');
});

test('peer to peer: an empty chat message, or one that is no text, reaches nobody', async (scene) => {
  const room = scene.room();
  const [alice, bob] = await peers(scene, room, 'alice', 'bob');
  for (const message of ['', '   ', '\n\t', '\u00a0', undefined, null, 7, true, ['x'], { toString: 'x' }])
    await alice.refused('chat:message', { roomId: room, message, timestamp: 1 }, 'invalid_request');
  alice.emit('chat:message', { roomId: room, message: ' ', timestamp: 1 });
  alice.emit('chat:message');
  for (const person of [alice, bob]) await heardAll(person);
  assert.equal(alice.count('chat:message') + bob.count('chat:message'), 0);
  assert.equal(alice.count('error', ({ event, code }) => event === 'chat:message' && code === 'invalid_request'), 2);
});

test('peer to peer: typing reaches the others with the identity of the token', async (scene) => {
  const room = scene.room();
  const people = await peers(scene, room, 'alice', 'bob', 'carol');
  for (const event of ['chat:typing-start', 'chat:typing-stop']) {
    const [forAlice, ...forOthers] = await hearing(people, () =>
      people[0].ok(event, { roomId: room, userId: 'bob', userEmail: 'x' }),
    );
    assert.deepEqual(forAlice, []);
    for (const heard of forOthers)
      assert.deepEqual(heard, [[event, { userId: 'alice', userEmail: 'alice@example.test' }]]);
  }
});

test('peer to peer: user-left is heard by the others as the bare id, and once', async (scene) => {
  const room = scene.room();
  const people = await peers(scene, room, 'alice', 'bob', 'carol');
  const [, bob] = people;
  await bob.ok('screen-share-started', { roomId: room });
  for (const person of people) await heardAll(person);
  const [forAlice, forBob, forCarol] = await hearing(people, () => bob.ok('user-left', { roomId: room }));
  for (const heard of [forAlice, forCarol])
    assert.deepEqual(heard, [
      ['screen-share-stopped', { userId: 'bob' }],
      ['user-left', 'bob'],
    ]);
  assert.deepEqual(forBob, []);
  await bob.refused('call-user', { to: 'alice', offer: {} }, 'not_in_room');
  bob.socket.disconnect();
  await heardAll(people[0]);
  assert.equal(people[0].count('user-left'), 1);
});

test('peer to peer: whoever vanishes or goes away is announced at once, with the screen that was shared', async (scene) => {
  const room = scene.room();
  const [alice, ...others] = await peers(scene, room, 'alice', 'bob', 'carol', 'dave');
  await others[0].ok('screen-share-started', { roomId: room });
  await alice.next('screen-share-started');
  const before = alice.heard.length;
  const asked = performance.now();
  others[0].socket.io.engine.transport.ws.terminate();
  assert.equal(await alice.next('user-left'), 'bob');
  assert.deepEqual(alice.names(before), ['screen-share-stopped', 'user-left']);
  others[1].socket.disconnect();
  assert.equal(await alice.next('user-left'), 'carol');
  others[2].socket.io.engine.transport.ws.close(1000);
  assert.equal(await alice.next('user-left'), 'dave');
  assert.ok(performance.now() - asked < 4000, 'there is no grace period here');
});

test('peer to peer: a recovered session is in its room again, and all are told to call anew', async (scene) => {
  const room = scene.room();
  const [alice] = await peers(scene, room, 'alice');
  const bob = await peer(scene, 'bob', room, { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 10 });
  await alice.next('initiate-connection');
  await bob.ok('media-state-change', { roomId: room, audioEnabled: false, videoEnabled: true });
  const before = alice.heard.length;
  bob.socket.io.engine.transport.ws.terminate();
  assert.equal(await alice.next('user-left'), 'bob');
  assert.deepEqual(await alice.next('initiate-connection'), { targetUserId: 'bob', isInitiator: true });
  assert.deepEqual(
    alice.names(before).filter((event) => event !== 'media-state-update'),
    ['user-left', 'room-data', 'user-joined', 'initiate-connection'],
  );
  await bob.hears('initiate-connection', 2);
  assert.ok(bob.socket.recovered);
  const { mediaState } = bob.heard.findLast(({ event }) => event === 'room-data').args[0];
  assert.deepEqual(mediaState.bob, { audioEnabled: false, videoEnabled: true });
  await alice.ok('call-user', { to: 'bob', offer: { n: 1 } });
  assert.equal((await bob.next('call-user')).from, 'alice');
});

test('peer to peer: who is not in the room that an event names is refused, and nobody hears', async (scene) => {
  const room = scene.room();
  const [alice, bob] = await peers(scene, room, 'alice', 'bob');
  const outside = await scene.person('outside');
  const [stranger] = await peers(scene, scene.room(), 'stranger');
  const before = alice.heard.length;
  for (const event of [
    'screen-share-started',
    'screen-share-stopped',
    'screen-share-ready',
    'media-state-change',
    'chat:message',
    'chat:typing-start',
    'chat:typing-stop',
    'user-left',
  ]) {
    const payload = { roomId: room, ...ENABLED, message: 'hello', timestamp: 1 };
    for (const person of [outside, stranger]) await person.refused(event, payload, 'not_in_room');
    await bob.refused(event, { ...payload, roomId: 'another' }, 'not_in_room');
    await bob.refused(event, { ...payload, roomId: undefined }, 'invalid_request');
    const { code, message } = await outside.fails(event, payload);
    assert.deepEqual([code, typeof message], ['not_in_room', 'string']);
  }
  await heardAll(alice);
  assert.deepEqual(alice.names(before), []);
});

test('peer to peer: one connection is in the media room and in the peer-to-peer room of a meeting at once', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  for (const person of [alice, bob]) await person.ok('ready', { roomId: room, mediaState: ENABLED });
  await alice.next('user-joined');
  await alice.produce('audio', chromiumAudio());
  const { consumerId } = await bob.next('new-consumer');
  await alice.ok('call-user', { to: 'bob', offer: { sdp: 'x' } });
  await bob.next('call-user');

  await alice.ok('user-left', { roomId: room });
  assert.equal(await bob.next('user-left'), 'alice');
  await bob.ok('resume-consumer', { consumerId });
  assert.equal(bob.count('participant-left'), 0);

  await alice.ok('ready', { roomId: room, mediaState: ENABLED });
  await alice.ok('leave-room');
  await bob.next('participant-left');
  await alice.ok('call-user', { to: 'bob', offer: { sdp: 'y' } });
  assert.equal(bob.count('user-left'), 1);

  await alice.enter(room);
  alice.socket.disconnect();
  await bob.hears('user-left', 2);
  await bob.hears('participant-left', 2);
});

test('peer to peer: a media participant that is replaced does not touch a connection that is only in the peer-to-peer room', async (scene) => {
  const room = scene.room();
  const [alice, bob] = await peers(scene, room, 'alice', 'bob');
  const first = await scene.participant('bob', room);
  const second = await scene.participant('bob', room);
  await first.next('participant-replaced');
  await alice.ok('call-user', { to: 'bob', offer: 1 });
  assert.deepEqual(await bob.next('call-user'), { from: 'alice', offer: 1 });
  assert.equal(second.count('call-user') + alice.count('user-left'), 0);
});

test('peer to peer: over polling it is the same', async (scene) => {
  const room = scene.room();
  const alice = await peer(scene, 'alice', room, { transports: ['polling'] });
  const bob = await peer(scene, 'bob', room, { transports: ['polling', 'websocket'] });
  await alice.next('user-joined');
  await bob.ok('call-user', { to: 'alice', offer: { sdp: 'v=0' } });
  assert.deepEqual(await alice.next('call-user'), { from: 'bob', offer: { sdp: 'v=0' } });
  alice.emit('chat:message', { roomId: room, message: 'hi', timestamp: 5 });
  assert.equal((await bob.next('chat:message')).message, 'hi');
});
