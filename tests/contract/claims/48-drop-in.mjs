// MeetLite's present client as it is: every reply is awaited by once(), nothing asks for an acknowledgement, and an
// `error` ends what it was doing. Whatever comes in another order, or not at all, hangs its joining.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumVideo, dtlsParameters, receives } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';

const REPLY_LIMIT_MS = 10_000;
/** Events that it does not listen for may come at any time. */
const UNKNOWN_TO_IT = ['transport-state-changed', 'producer-score', 'consumer-score', 'active-speaker', 'audio-levels'];

class PresentClient {
  consumers = new Map();
  participants = new Map();
  resumed = [];
  left = [];

  constructor(person, roomId) {
    this.person = person;
    this.socket = person.socket;
    this.roomId = roomId;
    this.socket.on('existing-participants', ({ participants }) =>
      participants.forEach((one) => this.participants.set(one.participantId, one.userInfo)),
    );
    this.socket.on('participant-joined', ({ participantId, userInfo }) => this.participants.set(participantId, userInfo));
    this.socket.on('participant-left', ({ participantId }) => {
      this.participants.delete(participantId);
      this.left.push(participantId);
    });
    this.socket.on('new-consumer', (consumer) => {
      this.consumers.set(consumer.consumerId, consumer);
      this.socket.emit('resume-consumer', { consumerId: consumer.consumerId });
    });
    this.socket.on('consumer-resumed', ({ consumerId }) => this.resumed.push(consumerId));
    this.socket.on('consumer-closed', ({ consumerId }) => this.consumers.delete(consumerId));
  }

  ask(event, payload, reply) {
    return new Promise((fulfil, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${reply} after ${event}`)), REPLY_LIMIT_MS);
      const settle = (done) => (value) => {
        clearTimeout(timer);
        this.socket.off('error', failed);
        this.socket.off(reply, answered);
        done(value);
      };
      const answered = settle(fulfil);
      const failed = settle(({ message }) => reject(new Error(message)));
      this.socket.once(reply, answered);
      this.socket.once('error', failed);
      this.socket.emit(event, payload);
    });
  }

  async join() {
    const { roomId } = this;
    const { rtpCapabilities } = await this.ask('join-room', { roomId }, 'router-rtp-capabilities');
    for (const direction of ['send', 'recv']) {
      const created = await this.ask(
        'create-webrtc-transport',
        { roomId, direction },
        'webrtc-transport-created',
      );
      assert.equal(created.direction, direction);
    }
    this.socket.emit('set-rtp-capabilities', { rtpCapabilities: receives(rtpCapabilities) });
  }

  async produce(kind, rtpParameters, appData = {}) {
    if (!this.connected) {
      this.connected = true;
      this.socket.emit('connect-webrtc-transport', { direction: 'send', dtlsParameters: dtlsParameters() });
    }
    const created = await this.ask('create-producer', { kind, rtpParameters, appData }, 'producer-created');
    assert.equal(created.kind, kind);
    return created.producerId;
  }

  /** Waits for what comes by itself. */
  async until(fits) {
    while (!fits(this)) await new Promise((done) => this.socket.onAny(once(this.socket, done)));
  }
}

/** A listener of any event that takes itself away. */
function once(socket, done) {
  const listener = () => {
    socket.offAny(listener);
    setImmediate(done);
  };
  return listener;
}

async function presentClient(scene, userId, roomId) {
  return new PresentClient(await scene.person(userId), roomId);
}

test('drop-in: the present client hears exactly what it waits for, in its order', async (scene) => {
  const client = await presentClient(scene, 'alice', scene.room());
  await client.join();
  await client.produce('audio', chromiumAudio());
  await client.produce('video', chromiumVideo());
  await client.produce('video', chromiumVideo({ mid: '2' }), { screen: true });
  const heard = client.person.names().filter((event) => !UNKNOWN_TO_IT.includes(event));
  assert.deepEqual(heard, [
    '#connect',
    'router-rtp-capabilities',
    'existing-participants',
    'webrtc-transport-created',
    'webrtc-transport-created',
    'rtp-capabilities-set',
    'webrtc-transport-connected',
    'producer-created',
    'producer-created',
    'producer-created',
  ]);
});

test('drop-in: present clients that come one after another each have consumers of all the others', async (scene) => {
  const room = scene.room();
  const clients = [];
  for (const userId of ['a', 'b', 'c', 'd']) {
    const client = await presentClient(scene, userId, room);
    await client.join();
    await client.produce('audio', chromiumAudio());
    await client.produce('video', chromiumVideo());
    clients.push(client);
  }
  for (const client of clients) {
    await client.until(({ resumed }) => resumed.length === 6);
    assert.equal(client.participants.size, 3);
    const seen = [...client.consumers.values()].map(({ participantId, kind }) => `${participantId} ${kind}`);
    const others = clients.filter((other) => other !== client).map(({ person }) => person.userId);
    assert.deepEqual(seen.sort(), others.flatMap((id) => [`${id} audio`, `${id} video`]).sort());
    assert.equal(client.person.count('error') + client.person.count('consumer-error'), 0);
  }
  clients[0].socket.disconnect();
  for (const client of clients.slice(1)) {
    await client.until(({ left, consumers }) => left.length === 1 && consumers.size === 4);
    assert.deepEqual(client.left, ['a']);
  }
});

test('drop-in: present clients that come all at once hang nowhere', async (scene) => {
  const room = scene.room();
  const clients = await Promise.all(
    Array.from({ length: 8 }, (_, i) => presentClient(scene, `p${i}`, room)),
  );
  await Promise.all(
    clients.map(async (client) => {
      await client.join();
      await client.produce('audio', chromiumAudio());
      await client.produce('video', chromiumVideo());
    }),
  );
  for (const client of clients) {
    await client.until(({ resumed, participants }) => resumed.length === 14 && participants.size === 7);
    assert.equal(client.person.count('error'), 0);
    assert.equal(client.person.count('new-consumer'), 14);
  }
});

test('drop-in: a refusal reaches the present client as the text that it knows, and it goes on', async (scene) => {
  const client = await presentClient(scene, 'alice', scene.room());
  const good = client.roomId;
  client.roomId = '';
  await assert.rejects(client.join(), { message: 'Failed to join room' });
  client.roomId = good;
  await client.join();
  await assert.rejects(client.produce('audio', {}), { message: 'Failed to create producer' });
  await client.produce('audio', chromiumAudio());
  client.socket.emit('resume-consumer', { consumerId: 'nothing' });
  assert.deepEqual(await client.person.next('consumer-error'), {
    consumerId: 'nothing',
    error: 'Failed to resume consumer',
  });
});

test('drop-in: a present client that loads its page again is there anew, and is no ghost to the others', async (scene) => {
  const room = scene.room();
  const alice = await presentClient(scene, 'alice', room);
  const old = await presentClient(scene, 'bob', room);
  for (const client of [alice, old]) {
    await client.join();
    await client.produce('audio', chromiumAudio());
  }
  await alice.until(({ consumers }) => consumers.size === 1);
  const fresh = await presentClient(scene, 'bob', room);
  await fresh.join();
  const produced = await fresh.produce('audio', chromiumAudio());
  await alice.until(({ consumers }) => [...consumers.values()].some(({ producerId }) => producerId === produced));
  assert.deepEqual([alice.consumers.size, [...alice.participants.keys()]], [1, ['bob']]);
  await fresh.until(({ resumed }) => resumed.length === 1);
});

test('drop-in: a present client signals peer to peer while it joins the media room, and neither waits for the other', async (scene) => {
  const room = scene.room();
  const mediaState = { audioEnabled: true, videoEnabled: true };
  const clients = await Promise.all(['a', 'b'].map((userId) => presentClient(scene, userId, room)));
  for (const client of clients) {
    client.socket.on('call-user', ({ from }) => client.socket.emit('make-answer', { to: from, answer: { sdp: 'a' } }));
    client.socket.on('initiate-connection', ({ targetUserId, isInitiator }) => {
      if (isInitiator) client.socket.emit('call-user', { to: targetUserId, offer: { sdp: 'o' } });
    });
  }
  await Promise.all(
    clients.map(async (client) => {
      client.socket.emit('ready', { roomId: room, mediaState });
      await client.join();
      await client.produce('audio', chromiumAudio());
    }),
  );
  const [a, b] = clients;
  assert.equal((await b.person.next('call-user')).from, 'a');
  assert.equal((await a.person.next('answer-made')).from, 'b');
  for (const client of clients) {
    await client.until(({ resumed }) => resumed.length === 1);
    assert.equal(client.person.count('error'), 0);
  }
});
