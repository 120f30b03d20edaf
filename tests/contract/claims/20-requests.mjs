// Sections 1 and 2: replies, acknowledgements, failures and their order.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumVideo, dtlsParameters, receives } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape, exactly, isCount, isId } from '../lib/shape.mjs';

const candidate = {
  foundation: /^\S+$/,
  priority: (value) => isCount(value) && value < 2 ** 31,
  ip: 'string',
  address: 'string',
  protocol: /^(udp|tcp)$/,
  port: (value) => isCount(value) && value > 0 && value < 65536,
  type: /^host$/,
  'tcpType?': exactly('passive'),
};
const transportShape = {
  id: isId,
  iceParameters: {
    usernameFragment: /^[A-Za-z0-9+/]{4,256}$/,
    password: /^[A-Za-z0-9+/]{22,256}$/,
    iceLite: exactly(true),
  },
  iceCandidates: [candidate],
  dtlsParameters: { role: /^auto$/, fingerprints: [{ algorithm: /^sha-\d+$/, value: /^([0-9A-F]{2}:)+[0-9A-F]{2}$/ }] },
  direction: /^(send|recv)$/,
  sctpParameters: (value) => value === null || typeof value === 'object',
  iceServers: (value) => Array.isArray(value),
};

/** Alice has produced audio and video; Bob has a consumer of each, and is the one who asks. */
async function call(scene) {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  const audio = await alice.produce('audio', chromiumAudio());
  await alice.produce('video', chromiumVideo());
  const first = await bob.next('new-consumer');
  const second = await bob.next('new-consumer');
  return { room, alice, bob, audio, consumer: first, video: second };
}

const kinds = (kind) => ({ consumerId: isId, participantId: exactly('alice'), kind: exactly(kind) });

const nothing = () => [];

/** What each request is answered with: [event, payload, reply event, shape of the reply]. */
const answered = [
  [
    'join-room',
    ({ room }) => [{ roomId: `${room} next` }],
    'router-rtp-capabilities',
    { rtpCapabilities: { codecs: ['object'], headerExtensions: ['object'] } },
  ],
  [
    'create-webrtc-transport',
    ({ room }) => [{ roomId: room, direction: 'send' }],
    'webrtc-transport-created',
    transportShape,
  ],
  [
    'connect-webrtc-transport',
    () => [{ direction: 'recv', dtlsParameters: dtlsParameters() }],
    'webrtc-transport-connected',
    { direction: /^recv$/ },
  ],
  ['set-rtp-capabilities', ({ bob }) => [{ rtpCapabilities: receives(bob.router) }], 'rtp-capabilities-set', {}],
  [
    'create-producer',
    () => [{ kind: 'audio', rtpParameters: chromiumAudio(), appData: { a: 1 } }],
    'producer-created',
    { producerId: isId, kind: /^audio$/, appData: 'object' },
  ],
  ['resume-consumer', ({ video }) => [{ consumerId: video.consumerId }], 'consumer-resumed', kinds('video')],
  ['pause-consumer', ({ consumer }) => [{ consumerId: consumer.consumerId }], 'consumer-paused', kinds('audio')],
  ['leave-room', nothing, 'room-left', { roomId: 'string' }],
  ['leave-room', () => [{}], 'room-left', { roomId: 'string' }],
  [
    'set-preferred-layers',
    ({ video }) => [{ consumerId: video.consumerId, spatialLayer: 2, temporalLayer: 1 }],
    'preferred-layers-set',
    { consumerId: isId, spatialLayer: isCount, temporalLayer: isCount },
  ],
  [
    'get-participant-stats',
    nothing,
    'participant-stats',
    {
      id: exactly('bob'),
      userInfo: exactly({ email: 'bob@example.test', userId: 'bob' }),
      rtpCapabilities: exactly(true),
      producers: {},
      consumers: {
        totalConsumers: exactly(2),
        activeConsumers: exactly(0),
        pausedConsumers: exactly(2),
        details: [
          {
            id: isId,
            producerId: isId,
            kind: /^(audio|video)$/,
            paused: exactly(true),
            stats: (list) => list.length > 0,
          },
        ],
      },
      transports: {
        send: exactly(true),
        recv: exactly(true),
        legacy: exactly(false),
        details: [{ id: isId, direction: /^(send|recv)$/, stats: (list) => list.length === 1 }],
      },
    },
  ],
];

for (const [event, payload, replyEvent, shape] of answered) {
  const title = payload === nothing ? `${event} without a payload` : event;
  test(`${title}: the reply event is ${replyEvent} with exactly its fields, once`, async (scene) => {
    const { bob, ...rest } = await call(scene);
    bob.emit(event, ...payload({ bob, ...rest }));
    const reply = await bob.next(replyEvent);
    assertShape(reply, shape);
    await bob.settle();
    assert.equal(bob.count(replyEvent), 1);
    assert.equal(bob.count('error'), 0);
  });

  test(`${title}: an acknowledgement holds ok and the same fields, and no reply event is sent`, async (scene) => {
    const { bob, ...rest } = await call(scene);
    const reply = await bob.request(event, ...payload({ bob, ...rest }));
    assert.equal(reply.ok, true, JSON.stringify(reply));
    delete reply.ok;
    assertShape(reply, shape);
    await bob.settle();
    assert.equal(bob.count(replyEvent), 0);
    assert.equal(bob.count('error'), 0);
  });
}

for (const event of ['pause-producer', 'resume-producer', 'close-producer'])
  test(`${event} is acknowledged with { ok: true }, and silent without an acknowledgement`, async (scene) => {
    const { alice } = await call(scene);
    assert.deepEqual(await alice.request(event, { kind: 'video' }), { ok: true });
    const before = alice.heard.length;
    alice.emit(event, { kind: 'audio' });
    await alice.settle();
    assert.deepEqual(alice.names(before), []);
  });

test('resume-all-consumers emits one consumer-resumed for each that was paused', async (scene) => {
  const { bob, consumer, video } = await call(scene);
  await bob.ok('resume-consumer', { consumerId: consumer.consumerId });
  bob.emit('resume-all-consumers');
  assert.deepEqual(await bob.next('consumer-resumed'), {
    consumerId: video.consumerId,
    participantId: 'alice',
    kind: 'video',
  });
  await bob.settle();
  assert.equal(bob.count('consumer-resumed'), 1);
});

test('resume-all-consumers is acknowledged with the ids of those that were paused', async (scene) => {
  const { bob, consumer, video } = await call(scene);
  const reply = await bob.request('resume-all-consumers');
  assertShape(reply, { ok: exactly(true), consumerIds: ['string'] });
  assert.deepEqual(reply.consumerIds.sort(), [consumer.consumerId, video.consumerId].sort());
  assert.deepEqual(await bob.request('resume-all-consumers'), { ok: true, consumerIds: [] });
});

test('new-consumer is always emitted, also when set-rtp-capabilities is acknowledged', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  const bob = await scene.participant('bob', room, { capabilities: null });
  assert.deepEqual(await bob.request('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) }), { ok: true });
  assert.equal(bob.count('new-consumer'), 1);
});

test('new-consumer comes before rtp-capabilities-set', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  await alice.produce('video', chromiumVideo());
  const bob = await scene.participant('bob', room, { capabilities: null });
  const before = bob.heard.length;
  await bob.reply('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) }, 'rtp-capabilities-set');
  assert.deepEqual(bob.names(before), ['new-consumer', 'new-consumer', 'rtp-capabilities-set']);
});

const texts = {
  'join-room': 'Failed to join room',
  'create-webrtc-transport': 'Failed to create transport',
  'connect-webrtc-transport': 'Failed to connect transport',
  'set-rtp-capabilities': 'Failed to set RTP capabilities',
  'create-producer': 'Failed to create producer',
  'resume-consumer': 'Failed to resume consumer',
  'pause-consumer': 'Failed to pause consumer',
  'pause-producer': 'Failed to pause producer',
  'resume-producer': 'Failed to resume producer',
  'close-producer': 'Failed to close producer',
  'leave-room': 'Failed to leave room',
  'set-preferred-layers': 'Failed to set preferred layers',
  'resume-all-consumers': 'Failed to resume all consumers',
  'get-participant-stats': 'Failed to get stats',
  'restart-ice': 'Failed to restart ICE',
  'set-consumer-priority': 'Failed to set priority',
  'request-key-frame': 'Failed to request key frame',
  'produce-data': 'Failed to create data producer',
};

for (const [event, message] of Object.entries(texts)) {
  const code = event === 'join-room' ? 'invalid_request' : 'not_in_room';

  test(`a failed ${event} is an error event { message: '${message}', code, event }`, async (scene) => {
    const person = await scene.person();
    const error = await person.fails(event, {});
    assertShape(error, { message: exactly(message), code: exactly(code), event: exactly(event), 'detail?': 'string' });
    await person.join(scene.room());
    assert.equal(person.count('error'), 1);
  });

  test(`a failed ${event} is acknowledged with { ok: false, error: { code, message } } and emits no error`, async (scene) => {
    const person = await scene.person();
    const reply = await person.request(event, {});
    assertShape(reply, {
      ok: exactly(false),
      error: { code: exactly(code), message: exactly(message), 'detail?': 'string' },
    });
    await person.join(scene.room());
    assert.deepEqual(person.names(), ['#connect']);
  });
}

test('an acknowledgement is called exactly once', async (scene) => {
  const person = await scene.person();
  let calls = 0;
  const called = () => (calls += 1);
  person.socket.emit('join-room', { roomId: scene.room() }, called);
  person.socket.emit('join-room', {}, called);
  person.socket.emit('no-such-event', called);
  await person.join(scene.room());
  assert.equal(calls, 3);
});

test('a failed resume-consumer emits consumer-error and then error', async (scene) => {
  const { bob } = await call(scene);
  const before = bob.heard.length;
  const consumerId = '11111111-2222-3333-4444-555555555555';
  await bob.fails('resume-consumer', { consumerId });
  assert.deepEqual(bob.names(before), ['consumer-error', 'error']);
  assert.deepEqual(await bob.next('consumer-error'), { consumerId, error: 'Failed to resume consumer' });
  assertShape(bob.heard.at(-1).args[0], {
    message: exactly('Failed to resume consumer'),
    code: exactly('not_found'),
    event: exactly('resume-consumer'),
    'detail?': 'string',
  });
});

test('an event that is none of ours is answered with unknown_event', async (scene) => {
  const person = await scene.person();
  for (const event of ['no-such-event', 'constructor', '__proto__', 'toString', '', 'Join-Room', 'join-room ']) {
    person.emit(event, {});
    const error = await person.next('error');
    assert.equal(error.code, 'unknown_event');
    assert.equal(error.event, event);
    await person.refused(event, {}, 'unknown_event');
  }
  await person.join(scene.room());
});

test('a request that finds its work done is ok', async (scene) => {
  const { alice, bob, consumer } = await call(scene);
  const { consumerId } = consumer;
  const twice = async (person, event, payload) => {
    await person.ok(event, payload);
    await person.ok(event, payload);
  };
  await twice(bob, 'resume-consumer', { consumerId });
  await twice(bob, 'pause-consumer', { consumerId });
  await twice(alice, 'pause-producer', { kind: 'audio' });
  await twice(alice, 'resume-producer', { kind: 'audio' });
  await twice(alice, 'close-producer', { kind: 'audio' });
  await alice.ok('close-producer', { kind: 'screen-video' });
  await twice(bob, 'set-rtp-capabilities', { rtpCapabilities: receives(bob.router) });
});

test('connecting a transport a second time fails with already_connected', async (scene) => {
  const person = await scene.participant('p', scene.room());
  for (const direction of ['send', 'recv']) {
    await person.ok('connect-webrtc-transport', { direction, dtlsParameters: dtlsParameters() });
    await person.refused(
      'connect-webrtc-transport',
      { direction, dtlsParameters: dtlsParameters() },
      'already_connected',
    );
  }
});

test('leave-room outside a room fails with not_in_room, also the second time', async (scene) => {
  const person = await scene.person();
  await person.refused('leave-room', {}, 'not_in_room');
  await person.join(scene.room());
  await person.ok('leave-room', {});
  await person.refused('leave-room', {}, 'not_in_room');
});

test('50 requests sent at once are answered in their order, events and acknowledgements alike', async (scene) => {
  const { room, bob } = await call(scene);
  const answers = [];
  const wanted = [];
  const said = (name) => (payload) => answers.push(name(payload));
  bob.socket.on(
    'webrtc-transport-created',
    said(({ direction }) => `created ${direction}`),
  );
  bob.socket.on(
    'error',
    said(({ event }) => `failed ${event}`),
  );
  bob.socket.on(
    'participant-stats',
    said(() => 'stats'),
  );
  const last = new Promise((done) => {
    for (let i = 0; i < 10; ++i) {
      bob.emit('create-webrtc-transport', { roomId: room, direction: i % 2 ? 'send' : 'recv' });
      bob.emit('create-producer', { kind: 'audio' });
      bob.socket.emit('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) }, () =>
        answers.push(`set ${i}`),
      );
      bob.emit('get-participant-stats');
      bob.socket.emit('pause-producer', { kind: 'nonsense' }, () => {
        answers.push(`paused ${i}`);
        if (i === 9) done();
      });
      wanted.push(`created ${i % 2 ? 'send' : 'recv'}`, 'failed create-producer', `set ${i}`, 'stats', `paused ${i}`);
    }
  });
  await last;
  assert.deepEqual(answers, wanted);
});

test('requests sent at once over polling are answered in their order', async (scene) => {
  const person = await scene.person(undefined, { transports: ['polling'] });
  const order = [];
  const room = scene.room();
  await Promise.all(
    [
      ['join-room', { roomId: room }],
      ['create-webrtc-transport', { roomId: room, direction: 'send' }],
      ['pause-producer', {}],
      ['create-webrtc-transport', { roomId: room, direction: 'recv' }],
      ['leave-room', {}],
      ['join-room', { roomId: room }],
    ].map(async ([event, payload], i) => {
      await person.request(event, payload);
      order.push(i);
    }),
  );
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
});

const nothingYet = {
  'connect-webrtc-transport': { direction: 'send', dtlsParameters: dtlsParameters() },
  'set-rtp-capabilities': { rtpCapabilities: { codecs: [], headerExtensions: [] } },
  'create-producer': { kind: 'audio', rtpParameters: chromiumAudio(), appData: {} },
  'resume-consumer': { consumerId: '11111111-2222-3333-4444-555555555555' },
  'pause-consumer': { consumerId: '11111111-2222-3333-4444-555555555555' },
  'pause-producer': { kind: 'audio' },
  'resume-producer': { kind: 'audio' },
  'close-producer': { kind: 'audio' },
  'resume-all-consumers': {},
  'get-participant-stats': {},
  'set-preferred-layers': { consumerId: '11111111-2222-3333-4444-555555555555', spatialLayer: 0 },
};

test('outside a room nothing but joining is possible: not_in_room', async (scene) => {
  const person = await scene.person();
  for (const [event, payload] of Object.entries(nothingYet)) await person.refused(event, payload, 'not_in_room');
  await person.refused('create-webrtc-transport', { roomId: scene.room(), direction: 'send' }, 'not_in_room');
  await person.join(scene.room());
});

test('before the first transport a client may only join, leave and create one: no_transport', async (scene) => {
  const person = await scene.person();
  await person.join(scene.room());
  for (const [event, payload] of Object.entries(nothingYet)) await person.refused(event, payload, 'no_transport');
  await person.transport('send');
  await person.ok('get-participant-stats');
});

test('data channels are not there: sctpParameters is null, and produce-data is unsupported', async (scene) => {
  const person = await scene.participant('p', scene.room());
  for (const transport of [person.send, person.recv]) assert.equal(transport.sctpParameters, null);
  const error = await person.refused(
    'produce-data',
    { sctpStreamParameters: { streamId: 0, ordered: true }, label: 'chat', protocol: '', appData: {} },
    'unsupported',
  );
  assert.equal(error.message, 'Failed to create data producer');
});

test('the fields of stats have the names of getStats(), its types, and nothing beside them but what the API names', async (scene) => {
  const { alice, bob, consumer } = await call(scene);
  const mine = await alice.ok('get-participant-stats');
  assertShape(mine.producers, {
    audio: { id: isId, paused: 'boolean', stats: ['object'] },
    video: { id: isId, paused: 'boolean', stats: ['object'] },
  });
  const stream = {
    timestamp: isCount,
    ssrc: isCount,
    kind: /^(audio|video)$/,
    mimeType: /^(audio|video)\/\w+$/,
    packetsLost: exactly(0),
    fractionLost: exactly(0),
    packetsDiscarded: exactly(0),
    packetsRetransmitted: exactly(0),
    packetsRepaired: exactly(0),
    nackCount: exactly(0),
    nackPacketCount: exactly(0),
    pliCount: exactly(0),
    firCount: exactly(0),
    score: (value) => isCount(value) && value <= 10,
    packetCount: exactly(0),
    byteCount: exactly(0),
    bitrate: exactly(0),
    jitter: exactly(0),
    roundTripTime: exactly(0),
    'rtxSsrc?': isCount,
  };
  const inbound = { type: exactly('inbound-rtp'), bitrateByLayer: {}, keyFrames: exactly(0), ...stream };
  const [audio] = mine.producers.audio.stats;
  assertShape(audio, { ...inbound, kind: exactly('audio'), mimeType: exactly('audio/opus') });

  const theirs = await bob.ok('get-participant-stats');
  assert.equal(theirs.consumers.details.length, 2);
  for (const { kind, stats } of theirs.consumers.details)
    assertShape(stats[0], { type: exactly('outbound-rtp'), priority: exactly(1), ...stream, kind: exactly(kind) });
  const heard = theirs.consumers.details.find(({ id }) => id === consumer.consumerId);
  assert.equal(heard.stats[0].ssrc, consumer.rtpParameters.encodings[0].ssrc);

  assert.deepEqual(
    theirs.transports.details.map(({ direction }) => direction),
    ['send', 'recv'],
  );
  for (const { id, stats } of theirs.transports.details)
    assertShape(stats[0], {
      type: exactly('webrtc-transport'),
      transportId: exactly(id),
      timestamp: isCount,
      iceRole: exactly('controlled'),
      iceState: exactly('new'),
      dtlsState: exactly('new'),
      srtpProfile: exactly(''),
      bytesReceived: exactly(0),
      recvBitrate: exactly(0),
      bytesSent: exactly(0),
      sendBitrate: exactly(0),
      packetsReceived: exactly(0),
      packetsSent: exactly(0),
      rtpBytesReceived: exactly(0),
      rtpRecvBitrate: exactly(0),
      rtpBytesSent: exactly(0),
      rtpSendBitrate: exactly(0),
      rtxBytesReceived: exactly(0),
      rtxRecvBitrate: exactly(0),
      rtxBytesSent: exactly(0),
      rtxSendBitrate: exactly(0),
      probationBytesSent: exactly(0),
      probationSendBitrate: exactly(0),
    });
});
