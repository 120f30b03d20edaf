// Section 2: the router's capabilities and the transports, as mediasoup-client needs them.
import { strict as assert } from 'node:assert';
import { connect } from 'node:net';
import { dtlsParameters, uris } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape, exactly, isCount } from '../lib/shape.mjs';

test('the router offers the codecs and payload types that clients have seen', async (scene) => {
  const { codecs } = await (await scene.person()).join(scene.room());
  const shape = {
    kind: /^(audio|video)$/,
    mimeType: /^(audio|video)\/\w+$/,
    preferredPayloadType: isCount,
    clockRate: isCount,
    'channels?': exactly(2),
    parameters: 'object',
    rtcpFeedback: [{ type: 'string', 'parameter?': 'string' }],
  };
  assertShape(codecs, [shape]);
  const seen = codecs.map(({ mimeType, preferredPayloadType, parameters }) =>
    [
      preferredPayloadType,
      mimeType.split('/')[1],
      parameters['profile-level-id'] ?? parameters['profile-id'] ?? parameters.apt ?? '',
    ]
      .join(' ')
      .trim(),
  );
  assert.deepEqual(seen.sort(), [
    '100 opus',
    '101 VP8',
    '102 rtx 101',
    '103 VP9 2',
    '104 rtx 103',
    '105 H264 4d0032',
    '106 rtx 105',
    '107 H264 42e01f',
    '108 rtx 107',
    '109 VP9 0',
    '110 rtx 109',
    '111 AV1',
    '112 rtx 111',
  ]);
});

test('video codecs ask for a start at 1000 kbit/s, and opus for forward error correction', async (scene) => {
  const { codecs } = await (await scene.person()).join(scene.room());
  for (const { mimeType, parameters } of codecs)
    if (mimeType.startsWith('video/') && mimeType !== 'video/rtx')
      assert.equal(parameters['x-google-start-bitrate'], 1000, mimeType);
  assert.equal(codecs.find(({ mimeType }) => mimeType === 'audio/opus').parameters.useinbandfec, 1);
  for (const { parameters } of codecs.filter(({ mimeType }) => mimeType === 'video/H264'))
    assert.equal(parameters['packetization-mode'], 1);
});

test('header extensions have the ids and directions that clients have seen', async (scene) => {
  const { headerExtensions } = await (await scene.person()).join(scene.room());
  assertShape(headerExtensions, [
    {
      kind: /^(audio|video)$/,
      uri: 'string',
      preferredId: isCount,
      preferredEncrypt: exactly(false),
      direction: /^(sendrecv|recvonly)$/,
    },
  ]);
  const ids = {
    [uris.MID]: 1,
    [uris.RID]: 2,
    [uris.REPAIRED_RID]: 3,
    [uris.ABS_SEND_TIME]: 4,
    [uris.TRANSPORT_CC]: 5,
    [uris.AUDIO_LEVEL]: 10,
    [uris.ORIENTATION]: 11,
    [uris.TIME_OFFSET]: 12,
    [uris.CAPTURE_TIME]: 13,
    [uris.PLAYOUT_DELAY]: 14,
    [uris.DEPENDENCY]: 8,
  };
  assert.deepEqual(new Set(headerExtensions.map(({ uri }) => uri)), new Set(Object.keys(ids)));
  for (const { kind, uri, preferredId, direction } of headerExtensions) {
    assert.equal(preferredId, ids[uri], uri);
    const inOnly = uri === uris.RID || uri === uris.REPAIRED_RID || (uri === uris.TRANSPORT_CC && kind === 'audio');
    assert.equal(direction, inOnly ? 'recvonly' : 'sendrecv', `${kind} ${uri}`);
  }
});

test('every room has the same capabilities', async (scene) => {
  const person = await scene.person();
  assert.deepEqual(await person.join(scene.room()), await person.join(scene.room()));
});

test('transports of a connection have ids, ICE credentials and candidates that a client can use', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const other = await scene.participant('q', person.roomId);
  const all = [person.send, person.recv, other.send, other.recv];
  assert.equal(new Set(all.map(({ id }) => id)).size, 4);
  assert.equal(new Set(all.map(({ iceParameters }) => iceParameters.usernameFragment)).size, 4);
  assert.equal(new Set(all.map(({ iceParameters }) => iceParameters.password)).size, 4);
  for (const { iceCandidates, dtlsParameters: dtls } of all) {
    assert.ok(iceCandidates.length >= 1);
    for (const { ip, address, type, protocol, tcpType } of iceCandidates) {
      assert.equal(ip, address);
      assert.notEqual(ip, '0.0.0.0');
      assert.equal(type, 'host');
      assert.equal(tcpType, { udp: undefined, tcp: 'passive' }[protocol]);
    }
    assert.equal(
      new Set(iceCandidates.map(({ ip, protocol, port }) => `${protocol} ${ip} ${port}`)).size,
      iceCandidates.length,
    );
    const last = dtls.fingerprints.at(-1);
    const bytes = { 'sha-1': 20, 'sha-224': 28, 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 }[last.algorithm];
    assert.equal(last.value.split(':').length, bytes);
  }
});

const FIELDS = ['address', 'foundation', 'ip', 'port', 'priority', 'protocol', 'type'];

test('each UDP candidate has one over TCP beside it, passive, on a port of the range and of lower priority', async (scene) => {
  const server = await scene.ownServer();
  const { iceCandidates } = (await scene.participant('p', scene.room(), { server })).send;
  const [udp, tcp] = ['udp', 'tcp'].map((wanted) => iceCandidates.filter(({ protocol }) => protocol === wanted));
  assert.ok(udp.length >= 1);
  assert.deepEqual(tcp.map(({ ip }) => ip), udp.map(({ ip }) => ip));
  for (const candidate of udp) assert.deepEqual(Object.keys(candidate).sort(), FIELDS);
  for (const candidate of tcp) assert.deepEqual(Object.keys(candidate).sort(), [...FIELDS, 'tcpType'].sort());
  assert.ok(Math.max(...tcp.map(({ priority }) => priority)) < Math.min(...udp.map(({ priority }) => priority)));
  for (const { foundation, priority } of iceCandidates) {
    assert.match(foundation, /^[A-Za-z0-9+/]{1,32}$/);
    assert.ok(Number.isInteger(priority) && priority > 0 && priority < 2 ** 31);
  }
  assert.equal(new Set(iceCandidates.map(({ foundation }) => foundation)).size, iceCandidates.length);
  for (const { ip, port } of tcp) {
    const socket = connect(port, ip);
    await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject));
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));
  }
  const { workerStats } = await (await fetch(`${server.url}/stats`)).json();
  assert.equal(workerStats.reduce((sum, { tcpRefused }) => sum + tcpRefused, 0), tcp.length);
});

test('MEDIASOUP_ENABLE_TCP=off offers UDP alone', async (scene) => {
  const server = await scene.ownServer({ MEDIASOUP_ENABLE_TCP: 'off' });
  const { iceCandidates } = (await scene.participant('p', scene.room(), { server })).send;
  assert.deepEqual([...new Set(iceCandidates.map(({ protocol }) => protocol))], ['udp']);
});

test('all fingerprints of a process are those of one certificate', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const other = await scene.participant('q', scene.room());
  assert.deepEqual(person.send.dtlsParameters, other.recv.dtlsParameters);
});

for (const [title, parameters] of Object.entries({
  'role client': dtlsParameters(),
  'role server': dtlsParameters('server'),
  'role auto': dtlsParameters('auto'),
  'no role': { fingerprints: dtlsParameters().fingerprints },
  'several fingerprints': {
    role: 'client',
    fingerprints: [{ algorithm: 'sha-1', value: Array(20).fill('0a').join(':') }, ...dtlsParameters().fingerprints],
  },
}))
  test(`a transport connects with ${title}`, async (scene) => {
    const person = await scene.participant('p', scene.room());
    await person.ok('connect-webrtc-transport', { direction: 'recv', dtlsParameters: parameters });
  });

test('a direction that is created again is a new transport that can be connected again', async (scene) => {
  const person = await scene.participant('p', scene.room());
  for (const direction of ['send', 'recv']) {
    await person.ok('connect-webrtc-transport', { direction, dtlsParameters: dtlsParameters() });
    const again = await person.transport(direction);
    assert.notEqual(again.id, person[direction].id);
    await person.ok('connect-webrtc-transport', { direction, dtlsParameters: dtlsParameters() });
  }
  const { transports } = await person.ok('get-participant-stats');
  assert.equal(transports.details.length, 2);
});
