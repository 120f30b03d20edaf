// Sections 2 and 3: rooms and who is in them.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumVideo } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape, exactly, isId } from '../lib/shape.mjs';

const info = (userId) => ({ email: `${userId}@example.test`, userId });

async function roomStats(scene, roomId) {
  const server = await scene.server();
  const stats = await (await fetch(`${server.url}/stats`)).json();
  return stats.roomStats.find((room) => room.roomId === roomId);
}

test('a participant appears to the others with its first transport, and not before', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.person('bob');
  await bob.join(room);
  await alice.settle();
  assert.equal(alice.count('participant-joined'), 0);
  await bob.transport('recv');
  assert.deepEqual(await alice.next('participant-joined'), { participantId: 'bob', userInfo: info('bob') });
});

test('participant-joined and existing-participants come once, whatever else is created', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  await bob.transport('send');
  await bob.transport('recv');
  await alice.settle(bob);
  assert.equal(alice.count('participant-joined'), 1);
  assert.equal(bob.count('participant-joined'), 0);
  for (const person of [alice, bob]) assert.equal(person.count('existing-participants'), 1);
});

test('existing-participants comes before the reply of the first transport', async (scene) => {
  const room = scene.room();
  await scene.participant('alice', room);
  const bob = await scene.person('bob');
  await bob.join(room);
  const before = bob.heard.length;
  await bob.reply('create-webrtc-transport', { roomId: room, direction: 'send' }, 'webrtc-transport-created');
  await bob.reply('create-webrtc-transport', { roomId: room, direction: 'recv' }, 'webrtc-transport-created');
  assert.deepEqual(bob.names(before), [
    'existing-participants',
    'webrtc-transport-created',
    'webrtc-transport-created',
  ]);
});

test('existing-participants tells of nobody to the first in a room', async (scene) => {
  const alice = await scene.participant('alice', scene.room());
  assert.deepEqual(await alice.next('existing-participants'), { participants: [] });
});

test('existing-participants tells of each of the others with its producers', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const carol = await scene.participant('carol', room);
  const unseen = await scene.person('dave');
  await unseen.join(room);
  const audio = await alice.produce('audio', chromiumAudio(), { source: 'mic' });
  const screen = await alice.produce('video', chromiumVideo({ mid: '2' }), { screen: true });
  const bob = await scene.participant('bob', room);
  const { participants, ...rest } = await bob.next('existing-participants');
  assert.deepEqual(rest, {});
  const shape = {
    participantId: 'string',
    userInfo: 'object',
    producers: [{ producerId: isId, kind: 'string', appData: 'object' }],
  };
  assertShape(participants, [shape]);
  const byId = Object.fromEntries(participants.map((one) => [one.participantId, one]));
  assert.deepEqual(Object.keys(byId).sort(), ['alice', 'carol']);
  assert.deepEqual(byId.carol, { participantId: 'carol', userInfo: info('carol'), producers: [] });
  assert.deepEqual(byId.alice.userInfo, info('alice'));
  const kinds = Object.fromEntries(byId.alice.producers.map(({ producerId, kind }) => [producerId, kind]));
  assert.deepEqual(Object.keys(kinds).sort(), [audio, screen].sort());
  assert.equal(kinds[audio], 'audio');
  assert.ok(['video', 'screen-video'].includes(kinds[screen]));
  assert.equal(byId.alice.producers.find(({ producerId }) => producerId === audio).appData.source, 'mic');
  assert.equal(byId.alice.producers.find(({ producerId }) => producerId === screen).appData.screen, true);
  assert.equal(carol.count('participant-joined'), 1);
});

test('a name in the token stands in userInfo, and an email that is missing does no harm', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room, { claims: { name: 'Alice Ångström' } });
  await scene.participant('bob', room, { claims: { email: undefined } });
  const bob = await alice.next('participant-joined');
  assert.equal(bob.participantId, 'bob');
  assert.equal(bob.userInfo.userId, 'bob');
  const carol = await scene.participant('carol', room);
  const { participants } = await carol.next('existing-participants');
  const seen = participants.find(({ participantId }) => participantId === 'alice');
  assert.deepEqual(seen.userInfo, { ...info('alice'), name: 'Alice Ångström' });
});

test('participant-left comes once, however often somebody leaves', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  await bob.ok('leave-room');
  await bob.request('leave-room');
  bob.socket.disconnect();
  assert.deepEqual(await alice.next('participant-left'), { participantId: 'bob' });
  await alice.settle();
  assert.equal(alice.count('participant-left'), 1);
});

test('somebody who joined but never had a transport leaves unheard', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.person('bob');
  await bob.join(room);
  await bob.ok('leave-room');
  await alice.settle();
  assert.equal(alice.count('participant-joined') + alice.count('participant-left'), 0);
});

test('leave-room names the room that was left and frees all that was in it', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const deaf = await scene.participant('deaf', room, { recv: false });
  const bob = await scene.participant('bob', room);
  const producerId = await bob.produce('audio', chromiumAudio());
  const { consumerId } = await alice.next('new-consumer');
  const before = alice.heard.length;
  assert.deepEqual(await bob.reply('leave-room', {}, 'room-left'), { roomId: room });
  await alice.next('participant-left');
  await alice.settle(deaf);
  assert.deepEqual(alice.names(before).sort(), ['consumer-closed', 'consumer-producer-closed', 'participant-left', 'producer-closed']);
  assert.deepEqual(await alice.next('consumer-closed'), { consumerId, participantId: 'bob' });
  assert.deepEqual(await alice.next('consumer-producer-closed'), { consumerId, participantId: 'bob', producerId });
  assert.deepEqual(await deaf.next('producer-closed'), { participantId: 'bob', producerId });
  await bob.refused('get-participant-stats', {}, 'not_in_room');
  const stats = await roomStats(scene, room);
  assert.deepEqual([stats.participantCount, stats.totalProducers, stats.totalConsumers], [2, 0, 0]);
});

test('a room that everybody has left is gone', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  assert.equal((await roomStats(scene, room)).participantCount, 1);
  await alice.ok('leave-room');
  assert.equal(await roomStats(scene, room), undefined);
});

for (const [title, leave] of Object.entries({
  'a Socket.IO disconnect': (socket) => socket.disconnect(),
  'closing the page (WebSocket 1001)': (socket) => socket.io.engine.transport.ws.close(1001),
}))
  test(`${title} is a leaving`, async (scene) => {
    const room = scene.room();
    const alice = await scene.participant('alice', room);
    const bob = await scene.participant('bob', room);
    await bob.produce('audio', chromiumAudio());
    await alice.next('new-consumer');
    leave(bob.socket);
    assert.deepEqual(await alice.next('participant-left'), { participantId: 'bob' });
    await alice.next('consumer-closed');
    await alice.settle();
    assert.equal(alice.count('participant-left'), 1);
    assert.equal(alice.count('consumer-closed'), 1);
  });

test('a polling client that disconnects has left', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room, { transports: ['polling'] });
  bob.socket.disconnect();
  await alice.next('participant-left');
});

test('who leaves and joins again is new to the others and finds them', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  const bob = await scene.participant('bob', room);
  const first = await bob.next('new-consumer');
  await bob.ok('leave-room');
  await bob.enter(room);
  const second = await bob.next('new-consumer');
  assert.notEqual(first.consumerId, second.consumerId);
  assert.equal(bob.count('existing-participants'), 2);
  await alice.settle();
  assert.deepEqual(
    alice.names().filter((name) => name.startsWith('participant-')),
    ['participant-joined', 'participant-left', 'participant-joined'],
  );
});

test('joining a second room leaves the first', async (scene) => {
  const [one, two] = [scene.room(), scene.room()];
  const alice = await scene.participant('alice', one);
  const carol = await scene.participant('carol', two);
  const bob = await scene.participant('bob', one);
  await bob.produce('audio', chromiumAudio());
  await alice.next('new-consumer');
  await bob.enter(two);
  await alice.next('participant-left');
  await alice.next('consumer-closed');
  assert.equal((await carol.next('participant-joined')).participantId, 'bob');
  await bob.produce('audio', chromiumAudio());
  await carol.next('new-consumer');
  await alice.settle();
  assert.equal(alice.count('new-consumer'), 1);
  assert.equal(bob.count('room-left'), 0);
});

test('a join that fails leaves the old room as it was', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  const producerId = await bob.produce('audio', chromiumAudio());
  for (const roomId of [undefined, '', 7, 'a\nb', 'x'.repeat(129)])
    await bob.refused('join-room', { roomId }, 'invalid_request');
  await alice.settle(bob);
  assert.equal(alice.count('participant-left'), 0);
  assert.equal((await bob.ok('get-participant-stats')).producers.audio.id, producerId);
});

test('a transport for another room than the joined one is refused', async (scene) => {
  const [one, two] = [scene.room(), scene.room()];
  await scene.participant('alice', two);
  const bob = await scene.person('bob');
  await bob.join(one);
  const reply = await bob.request('create-webrtc-transport', { roomId: two, direction: 'send' });
  assert.equal(reply.ok, false);
  assert.ok(['not_in_room', 'invalid_request'].includes(reply.error.code), JSON.stringify(reply));
});

test('two rooms hear nothing of each other', async (scene) => {
  const [one, two] = [scene.room(), scene.room()];
  const alice = await scene.participant('alice', one);
  const before = alice.heard.length;
  const bob = await scene.participant('bob', two);
  const carol = await scene.participant('carol', two);
  await bob.produce('audio', chromiumAudio());
  await carol.next('new-consumer');
  await bob.ok('pause-producer', { kind: 'audio' });
  await carol.next('producer-state-changed');
  await bob.ok('leave-room');
  await alice.settle();
  assert.deepEqual(alice.names(before), []);
});

test('somebody over polling who is replaced is told so before the connection ends', async (scene) => {
  const room = scene.room();
  const old = await scene.participant('bob', room, { transports: ['polling'] });
  await scene.participant('bob', room);
  assert.deepEqual(await old.next('participant-replaced'), { participantId: 'bob', roomId: room });
  await old.next('#disconnect');
});

test('the same user joining again replaces the old connection, which is told and disconnected', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const old = await scene.participant('bob', room);
  await old.produce('audio', chromiumAudio());
  await alice.next('new-consumer');
  const fresh = await scene.participant('bob', room);
  assert.deepEqual(await old.next('participant-replaced'), { participantId: 'bob', roomId: room });
  assert.equal(await old.next('#disconnect'), 'io server disconnect');
  await fresh.produce('audio', chromiumAudio());
  await alice.next('new-consumer');
  await alice.settle(fresh);
  assert.deepEqual(
    alice.names().filter((name) => name.startsWith('participant-')),
    ['participant-joined', 'participant-left', 'participant-joined'],
  );
  assert.equal(alice.count('consumer-closed'), 1);
  assert.equal(fresh.count('participant-replaced'), 0);
  assert.deepEqual(
    (await fresh.next('existing-participants')).participants.map(({ participantId }) => participantId),
    ['alice'],
  );
  assert.equal((await roomStats(scene, room)).participantCount, 2);
});

test('the same user in another room is not touched', async (scene) => {
  const [one, two] = [scene.room(), scene.room()];
  const first = await scene.participant('bob', one);
  const second = await scene.participant('bob', two);
  await first.settle(second);
  assert.equal(first.count('participant-replaced') + first.count('#disconnect'), 0);
});

test('a second connection of the same user that joins nothing replaces nobody', async (scene) => {
  const room = scene.room();
  const first = await scene.participant('bob', room);
  const second = await scene.person('bob');
  await second.request('leave-room');
  second.socket.disconnect();
  const third = await scene.person('bob');
  await third.refused('join-room', {}, 'invalid_request');
  await first.settle();
  assert.equal(first.count('participant-replaced') + first.count('#disconnect'), 0);
});

test('joining the room that one is in answers with the capabilities and disconnects nobody', async (scene) => {
  const room = scene.room();
  const bob = await scene.participant('bob', room);
  await bob.join(room);
  assert.equal(bob.count('participant-replaced') + bob.count('#disconnect'), 0);
  await bob.enter(room);
});

const longest = 'é'.repeat(64);
for (const [title, roomId] of Object.entries({
  'of one byte': 'x',
  'of 128 bytes': 'x'.repeat(128),
  'of 128 bytes in 64 letters': longest,
  'of other scripts and emoji': '会議室 – конференция 😀',
  'with quotes, slashes and angle brackets': '"a"\'b\'</script>\\..\\../%00',
  'of blanks': '  ',
  'called __proto__': '__proto__',
  'called constructor': 'constructor',
  'called toString': 'toString',
}))
  test(`a room ${title} works like any other`, async (scene) => {
    const alice = await scene.participant('alice', roomId);
    const bob = await scene.participant('bob', roomId);
    await bob.produce('audio', chromiumAudio());
    await alice.next('new-consumer');
    assert.equal((await roomStats(scene, roomId)).participantCount, 2);
    assert.deepEqual(await bob.ok('leave-room'), { roomId });
    assert.deepEqual(await alice.ok('leave-room'), { roomId });
  });

for (const [title, roomId] of Object.entries({
  'of no byte': '',
  'of 129 bytes': 'x'.repeat(129),
  'of 130 bytes in 65 letters': 'é'.repeat(65),
  'with a line end': 'a\nb',
  'with a NUL': 'a\u0000b',
  'with DEL': 'a\u007fb',
  'with a C1 control character': 'a\u0085b',
  'that is a number': 7,
  'that is null': null,
  'that is a list': ['room'],
  'that is an object': { toString: 'room' },
  'that is true': true,
}))
  test(`a roomId ${title} is invalid_request`, async (scene) => {
    const person = await scene.person();
    await person.refused('join-room', { roomId }, 'invalid_request');
    await person.join(scene.room());
  });

for (const userId of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'ユーザー 😀'])
  test(`a user called ${userId} meets others like anybody`, async (scene) => {
    const room = scene.room();
    const alice = await scene.participant('alice', room);
    const odd = await scene.participant(userId, room);
    assert.equal((await alice.next('participant-joined')).participantId, userId);
    await odd.produce('audio', chromiumAudio());
    assert.equal((await alice.next('new-consumer')).participantId, userId);
    const carol = await scene.participant('carol', room);
    const { participants } = await carol.next('existing-participants');
    assert.deepEqual(participants.map(({ participantId }) => participantId).sort(), ['alice', userId].sort());
    odd.socket.disconnect();
    assert.deepEqual(await alice.next('participant-left'), { participantId: userId });
  });

test('twenty in a room all see each other and each consumer once', async (scene) => {
  const room = scene.room();
  const people = await Promise.all(Array.from({ length: 20 }, (_, i) => scene.participant(`p${i}`, room)));
  await Promise.all(people.map((person) => person.produce('audio', chromiumAudio())));
  await Promise.all(people.map((person) => person.hears('new-consumer', 19)));
  await people[0].settle(...people);
  for (const person of people) {
    const joined = person.heard
      .filter(({ event }) => event === 'participant-joined')
      .map(({ args }) => args[0].participantId);
    assert.equal(new Set(joined).size, joined.length, `${person.userId} is told of somebody's joining twice`);
    const met = new Set(joined);
    for (const { args } of person.heard.filter(({ event }) => event === 'existing-participants'))
      for (const { participantId } of args[0].participants) met.add(participantId);
    assert.equal(met.size, 19, person.userId);
    assert.equal(person.count('new-consumer'), 19);
    const producers = person.heard
      .filter(({ event }) => event === 'new-consumer')
      .map(({ args }) => args[0].producerId);
    assert.equal(new Set(producers).size, 19);
  }
});

test('userInfo is what the token says, not what a payload claims', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.person('bob');
  await bob.ok('join-room', { roomId: room, userId: 'root', participantId: 'root', userInfo: { email: 'root@x' } });
  await bob.ok('create-webrtc-transport', { roomId: room, direction: 'send', participantId: 'root' });
  assertShape(await alice.next('participant-joined'), {
    participantId: exactly('bob'),
    userInfo: exactly(info('bob')),
  });
});
