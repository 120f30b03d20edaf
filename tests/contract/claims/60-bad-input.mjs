// Bad input at the doors of Socket.IO: an error that says what is wrong, and everybody unharmed.
import { strict as assert } from 'node:assert';
import { chromiumAudio, chromiumSimulcast, chromiumVideo, dtlsParameters, receives } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { tokenOf } from '../lib/token.mjs';

const WRONG = {
  string: [7, true, null, [], {}, ['audio'], { a: 1 }],
  number: ['7', true, null, [], {}, -1, 1.5, 1e300],
  boolean: ['yes', 1, [], {}],
  object: ['x', 7, true, null, []],
  list: ['x', 7, true, null, {}],
};
const kindOf = (value) => (Array.isArray(value) ? 'list' : typeof value);

/** All [path, payload] where one field has a value of a wrong type, or is missing. */
function* mutations(value, path = '') {
  for (const key of Object.keys(value)) {
    const here = path ? `${path}.${key}` : key;
    for (const wrong of WRONG[kindOf(value[key])]) {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      copy[key] = wrong;
      yield [here, copy, JSON.stringify(wrong)];
    }
    if (!Array.isArray(value)) {
      const { [key]: _, ...rest } = value;
      yield [here, rest, 'missing'];
    }
    if (typeof value[key] === 'object' && value[key] !== null)
      for (const [deeper, inner, title] of mutations(value[key], here)) {
        const copy = Array.isArray(value) ? [...value] : { ...value };
        copy[key] = inner;
        yield [deeper, copy, title];
      }
  }
}

const NOBODY = '11111111-2222-3333-4444-555555555555';
const requests = {
  'join-room': () => ({ roomId: 'a room of bad input' }),
  'create-webrtc-transport': (person) => ({ roomId: person.roomId, direction: 'send' }),
  'connect-webrtc-transport': () => ({ direction: 'send', dtlsParameters: dtlsParameters() }),
  'set-rtp-capabilities': (person) => ({ rtpCapabilities: trimmed(receives(person.router)) }),
  'create-producer': () => ({ kind: 'video', rtpParameters: trimmed(chromiumVideo()), appData: {} }),
  'create-producer (audio)': () => ({ kind: 'audio', rtpParameters: chromiumAudio(), appData: {} }),
  'create-producer (simulcast)': () => ({ kind: 'video', rtpParameters: trimmed(chromiumSimulcast()), appData: {} }),
  'resume-consumer': () => ({ consumerId: NOBODY }),
  'pause-consumer': () => ({ consumerId: NOBODY }),
  'pause-producer': () => ({ kind: 'audio' }),
  'resume-producer': () => ({ kind: 'audio' }),
  'close-producer': () => ({ kind: 'audio' }),
  'set-preferred-layers': () => ({ consumerId: NOBODY, spatialLayer: 0, temporalLayer: 0 }),
};

/** Short lists are enough where each entry is read alike. */
function trimmed(parameters) {
  return {
    ...parameters,
    codecs: parameters.codecs.filter(({ mimeType }) => /VP8|opus|rtx/.test(mimeType)).slice(0, 3),
    headerExtensions: parameters.headerExtensions.slice(0, 1),
    ...(parameters.encodings && { encodings: parameters.encodings.slice(0, 1) }),
  };
}

/** Fields that may be missing or null, or whose value nobody reads. */
const OPTIONAL = [
  /appData$/,
  /\.mid$/,
  /\.msid$/,
  /rtcp(\.\w+)?$/,
  /headerExtensions$/,
  /\.encrypt$/,
  /\.parameters(\..+)?$/,
  /rtcpFeedback$/,
  /\.parameter$/,
  /encodings$/,
  /encodings\.\d+\.\w+$/,
  /rtx$/,
  /\.kind$/,
  /preferredEncrypt$/,
  /direction$/,
  /channels$/,
  /dtlsParameters\.role$/,
  /temporalLayer$/,
  /preferredPayloadType$/,
  /encodings\.\d+$/,
  /codecs$/,
];
/** Fields that this server does not read, of whatever type they are. */
const UNREAD = [
  /\.parameters\.\w[\w-]*$/,
  /headerExtensions\.\d+\.parameters$/,
  /rtpCapabilities\.codecs\.\d+\.kind$/,
  /encodings\.\d+\.(active|scaleResolutionDownBy|maxBitrate|dtx)$/,
  /preferredEncrypt$/,
  /\.encrypt$/,
];

for (const [title, make] of Object.entries(requests)) {
  const event = title.split(' ')[0];
  test(`${title} with a wrong type in any field is refused and harms nobody`, async (scene) => {
    const room = scene.room();
    const person = await scene.participant('clumsy', room);
    const other = await scene.participant('other', room);
    const before = other.heard.length;
    const wrong = [];
    for (const [path, payload, value] of mutations(make(person))) {
      const reply = await person.request(event, payload);
      const required = !OPTIONAL.some((pattern) => pattern.test(path));
      const mayBeMissing = !required && (value === 'missing' || value === 'null');
      const unread = UNREAD.some((pattern) => pattern.test(path));
      if (
        reply.ok
          ? !mayBeMissing && !unread
          : !['invalid_request', 'unsupported', 'not_found', 'already_connected'].includes(reply.error.code)
      )
        wrong.push(`${path} = ${value}: ${JSON.stringify(reply).slice(0, 120)}`);
      if (!reply.ok && required && reply.error.code !== 'invalid_request')
        wrong.push(`${path} = ${value}: ${reply.error.code}`);
      if (event === 'join-room' && reply.ok) await person.enter(room);
    }
    assert.deepEqual(wrong, []);
    assert.ok(person.socket.connected);
    await person.settle(other);
    assert.deepEqual(
      other.names(before).filter((name) => !/producer|consumer/.test(name)),
      [],
    );
  });
}

for (const event of Object.keys(requests).filter((title) => !title.includes('('))) {
  test(`${event} without a payload, with another thing than an object, or with binary is invalid_request`, async (scene) => {
    const person = await scene.participant('clumsy', scene.room());
    for (const payload of [
      [],
      [null],
      ['x'],
      [7],
      [true],
      [[]],
      [[{}]],
      [{}],
      [Buffer.from('x')],
      [{ roomId: Buffer.from('x'), direction: Buffer.from('send') }],
    ]) {
      const reply = await person.request(event, ...payload);
      assert.equal(reply.ok, false, JSON.stringify(payload));
      assert.equal(reply.error.code, 'invalid_request', `${JSON.stringify(payload)}: ${JSON.stringify(reply)}`);
    }
    await person.ok('get-participant-stats');
  });
}

test('more arguments than one do no harm', async (scene) => {
  const person = await scene.person();
  await person.ok('join-room', { roomId: scene.room() }, 'more', { and: 'more' });
});

test('prototype keys in a payload are nothing special', async (scene) => {
  const person = await scene.person();
  const odd = JSON.parse(`{"__proto__": {"roomId": "x"}, "constructor": 1, "toString": 2}`);
  await person.refused('join-room', odd, 'invalid_request');
  await person.ok('join-room', { ...JSON.parse('{"__proto__": 1, "hasOwnProperty": 2}'), roomId: scene.room() });
});

test('a producer kind that is none of the four is invalid_request', async (scene) => {
  const person = await scene.participant('p', scene.room());
  for (const kind of [
    '',
    'Audio',
    'screen',
    'screenVideo',
    'screen_video',
    '__proto__',
    'constructor',
    'x'.repeat(10_000),
  ])
    for (const event of ['pause-producer', 'resume-producer', 'close-producer'])
      await person.refused(event, { kind }, 'invalid_request');
  for (const kind of ['screen-video', 'screen-audio', 'data'])
    await person.refused('create-producer', { kind, rtpParameters: chromiumVideo(), appData: {} }, 'invalid_request');
});

const deep = (levels) => {
  let value = 0;
  for (let i = 0; i < levels; ++i) value = i % 2 ? [value] : { a: value };
  return value;
};

for (const transports of [['websocket'], ['polling']])
  test(`JSON deeper than 32 over ${transports} is an error too_deep, and the connection lives`, async (scene) => {
    const person = await scene.person(undefined, { transports });
    const id = person.socket.id;
    person.emit('join-room', { roomId: deep(40) });
    const error = await person.next('error');
    assert.equal(error.code, 'too_deep');
    assert.equal(error.event, 'join-room');
    assert.equal(error.message, 'Failed to join room');
    person.emit('join-room', deep(1000));
    assert.equal((await person.next('error')).code, 'too_deep');
    await person.join(scene.room());
    assert.equal(person.socket.id, id);
    assert.equal(person.count('#disconnect'), 0);
  });

test('too deep JSON with an acknowledgement is acknowledged with too_deep, once', async (scene) => {
  const person = await scene.person();
  const reply = await person.request('join-room', { roomId: deep(40) });
  assert.equal(reply.ok, false);
  assert.equal(reply.error.code, 'too_deep');
  await person.join(scene.room());
  assert.equal(person.count('error'), 0);
});

test('the limit lies at 32 levels', async (scene) => {
  const person = await scene.person();
  // The event and its payload are two levels themselves.
  await person.refused('join-room', { roomId: deep(29) }, 'invalid_request');
  await person.refused('join-room', { roomId: deep(33) }, 'too_deep');
});

test('resume that is no boolean is invalid_request, and true for somebody new joins as usual', async (scene) => {
  const person = await scene.person();
  const roomId = scene.room();
  for (const resume of ['yes', 1, {}, []]) await person.refused('join-room', { roomId, resume }, 'invalid_request');
  for (const resume of [true, false])
    assert.ok((await person.ok('join-room', { roomId, resume })).rtpCapabilities.codecs.length > 0);
});

test('500 requests at once are no flood', async (scene) => {
  const person = await scene.person();
  const replies = await Promise.all(Array.from({ length: 500 }, () => person.request('leave-room')));
  assert.deepEqual([...new Set(replies.map(({ error }) => error.code))], ['not_in_room']);
});

test('JSON 20 levels deep is read', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  await alice.produce('audio', chromiumAudio(), { a: deep(20) });
  assert.deepEqual((await bob.next('new-consumer')).appData.a, deep(20));
});

/** An event that makes a WebSocket message of exactly so many bytes. */
function eventOf(bytes) {
  const empty = `42${JSON.stringify(['join-room', { roomId: '' }])}`;
  return ['join-room', { roomId: 'x'.repeat(bytes - empty.length) }];
}

for (const transports of [['websocket'], ['polling']]) {
  test(`a message of exactly 1 MB over ${transports} is read`, async (scene) => {
    const person = await scene.person(undefined, { transports });
    person.emit(...eventOf(1_000_000));
    assert.equal((await person.next('error')).code, 'invalid_request');
    await person.join(scene.room());
  });

  test(`a message of 1 MB and a byte over ${transports} ends that connection and no other`, async (scene) => {
    const room = scene.room();
    const other = await scene.participant('other', room);
    const person = await scene.participant('clumsy', room, { transports });
    person.emit(...eventOf(1_000_001));
    await person.next('#disconnect');
    await other.next('participant-left');
    await other.settle();
  });
}

test('appData as large as a room full of clients can carry comes through, and too large is invalid_request', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  await alice.produce('audio', chromiumAudio(), { text: 'é'.repeat(500) });
  assert.equal((await bob.next('new-consumer')).appData.text, 'é'.repeat(500));
  await alice.refused(
    'create-producer',
    { kind: 'audio', rtpParameters: chromiumAudio(), appData: { text: 'x'.repeat(900_000) } },
    'invalid_request',
  );
});

test('long lists in parameters are refused, and nobody waits for them', async (scene) => {
  const room = scene.room();
  const person = await scene.participant('clumsy', room);
  const other = await scene.participant('other', room);
  const many = (value, count) => Array.from({ length: count }, () => value);
  const audio = chromiumAudio();
  for (const rtpParameters of [
    { ...audio, codecs: many(audio.codecs[0], 2_000) },
    { ...audio, headerExtensions: many(audio.headerExtensions[0], 5_000) },
    { ...audio, encodings: many(audio.encodings[0], 20_000) },
    { ...audio, mid: 'm'.repeat(100_000) },
    { ...audio, rtcp: { cname: 'c'.repeat(100_000) } },
  ])
    assert.equal((await person.request('create-producer', { kind: 'audio', rtpParameters, appData: {} })).ok, false);
  const { fingerprints } = dtlsParameters();
  await person.refused(
    'connect-webrtc-transport',
    { direction: 'send', dtlsParameters: { role: 'client', fingerprints: many(fingerprints[0], 5_000) } },
    'invalid_request',
  );
  const capabilities = receives(person.router);
  await person.refused(
    'set-rtp-capabilities',
    { rtpCapabilities: { ...capabilities, codecs: many(capabilities.codecs[0], 3_000) } },
    'invalid_request',
  );
  await person.settle(other);
});

test('fingerprints that are none are invalid_request, and the transport can still be connected', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const good = dtlsParameters().fingerprints[0];
  for (const fingerprint of [
    { ...good, algorithm: 'md5' },
    { ...good, algorithm: '' },
    { ...good, value: '' },
    { ...good, value: good.value.slice(0, -3) },
    { ...good, value: good.value.replaceAll(':', '') },
    { ...good, value: good.value.replace(/^../, 'GG') },
    { ...good, algorithm: 'sha-1' },
  ])
    await person.refused(
      'connect-webrtc-transport',
      { direction: 'send', dtlsParameters: { role: 'client', fingerprints: [fingerprint] } },
      'invalid_request',
    );
  await person.refused(
    'connect-webrtc-transport',
    { direction: 'send', dtlsParameters: { role: 'client', fingerprints: [] } },
    'invalid_request',
  );
  await person.refused(
    'connect-webrtc-transport',
    { direction: 'sideways', dtlsParameters: dtlsParameters() },
    'invalid_request',
  );
  await person.ok('connect-webrtc-transport', { direction: 'send', dtlsParameters: dtlsParameters() });
});

test('too many events are rate_limited, the others are not, and the connection lives', async (scene) => {
  const server = await scene.ownServer();
  const noisy = await scene.person('noisy', { server });
  const quiet = await scene.person('quiet', { server });
  const COUNT = 4000;
  const replies = await Promise.all(Array.from({ length: COUNT }, () => noisy.request('leave-room')));
  const codes = replies.map(({ error }) => error.code);
  assert.ok(codes.includes('not_in_room'));
  assert.ok(codes.includes('rate_limited'));
  noisy.emit('leave-room');
  await quiet.join('quiet room');
  let reply;
  do reply = await noisy.request('join-room', { roomId: 'noisy room' });
  while (!reply.ok && reply.error.code === 'rate_limited');
  assert.equal(reply.ok, true);
  assert.equal(noisy.count('#disconnect'), 0);
});

test('a client that breaks the packet format is cut off, and nobody else', async (scene) => {
  const room = scene.room();
  const other = await scene.participant('other', room);
  for (const bytes of [
    '4',
    '42',
    '42{}',
    '42[',
    '42[]',
    '42[7]',
    '4999',
    '49',
    '42[null,{}]',
    '4\u0000',
    'x',
    '451-["join-room",{"_placeholder":true,"num":7}]',
    '4"',
  ]) {
    const person = await scene.person();
    const { ws } = person.socket.io.engine.transport;
    ws.send(bytes);
    // Either the connection ends, or it goes on as if nothing had been sent.
    await Promise.any([person.request('leave-room'), person.next('#disconnect')]);
    person.socket.disconnect();
  }
  await other.settle();
});

test('polling: bad requests get 400 and no session is harmed', async (scene) => {
  const server = await scene.server();
  const person = await scene.participant('p', scene.room(), { transports: ['polling'] });
  const base = `${server.url}/socket.io/`;
  for (const query of [
    '',
    '?EIO=4',
    '?EIO=3&transport=polling',
    '?EIO=5&transport=polling',
    '?EIO=4&transport=carrier-pigeon',
    '?EIO=4&transport=__proto__',
    '?EIO=4&transport=polling&sid=no-such-session',
    '?EIO=4&transport=polling&sid=__proto__',
    `?EIO=4&transport=polling&sid=${'x'.repeat(1000)}`,
  ])
    assert.equal((await fetch(base + query)).status, 400, query);
  const post = await fetch(`${base}?EIO=4&transport=polling&sid=no-such-session`, { method: 'POST', body: '40' });
  assert.equal(post.status, 400);
  await person.settle();
});

test('events before the namespace is connected change nothing and harm nobody', async (scene) => {
  const server = await scene.server();
  const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const open = await (await fetch(base)).text();
  const { sid } = JSON.parse(open.slice(1));
  await fetch(`${base}&sid=${sid}`, {
    method: 'POST',
    body: `42${JSON.stringify(['join-room', { roomId: 'before' }])}`,
  });
  const stats = await (await fetch(`${server.url}/stats`)).json();
  assert.ok(!stats.roomStats.some(({ roomId }) => roomId === 'before'));
  await (await scene.person()).join(scene.room());
});

test('a request right behind the connect is answered', async (scene) => {
  const server = await scene.server();
  const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1));
  const room = scene.room();
  const body = `40${JSON.stringify({ token: tokenOf('raw') })}\x1e420${JSON.stringify(['join-room', { roomId: room }])}`;
  assert.equal(await (await fetch(`${base}&sid=${sid}`, { method: 'POST', body })).text(), 'ok');
  let text = '';
  while (!text.includes('430[')) text += await (await fetch(`${base}&sid=${sid}`)).text();
  assert.match(text, /430\[\{.*"ok":true/s);
  await fetch(`${base}&sid=${sid}`, { method: 'POST', body: '1' });
});
