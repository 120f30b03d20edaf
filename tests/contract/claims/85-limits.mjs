// What each may take: rates, bounds, proxies and the end of a token.
import { strict as assert } from 'node:assert';
import { Attacker } from '../lib/attacker.mjs';
import { chromiumAudio } from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { usualSettings } from '../lib/server.mjs';
import { hs256, inSeconds, tokenOf } from '../lib/token.mjs';

/** 'welcome', or the code of the refusal. */
async function knock(scene, server, options = {}) {
  const person = await scene.stranger({ server, ...options });
  const heard = await Promise.race([
    person.next('#connect').then(() => 'welcome'),
    person.next('#connect_error').then((error) => error.data?.code ?? error.message),
  ]);
  person.socket.disconnect();
  return heard;
}

const badToken = { token: hs256({ userId: 'u', email: 'u@x' }, 'another-secret-altogether') };

async function untilWelcome(scene, server, options) {
  for (;;) if ((await knock(scene, server, options)) === 'welcome') return;
}

test('handshakes of an address beyond RATE_CONNECTIONS are rate_limited, of another address not, and later not', async (scene) => {
  const server = await scene.ownServer({ RATE_CONNECTIONS: '1/5' });
  const heard = [];
  for (let i = 0; i < 8; ++i) heard.push(await knock(scene, server));
  assert.deepEqual(heard.slice(0, 5), Array(5).fill('welcome'));
  assert.ok(heard.includes('rate_limited'), heard.join());
  assert.equal(await knock(scene, server, { localAddress: '127.0.0.2' }), 'welcome');
  await untilWelcome(scene, server);
});

for (const transports of [['websocket'], ['polling']])
  test(`bad tokens beyond RATE_FAILED_LOGINS over ${transports} are rate_limited, and a good one is let in`, async (scene) => {
    const server = await scene.ownServer({ RATE_FAILED_LOGINS: '0.001/3' });
    const heard = [];
    for (let i = 0; i < 5; ++i) heard.push(await knock(scene, server, { ...badToken, transports }));
    assert.deepEqual(heard, ['token_invalid', 'token_invalid', 'token_invalid', 'rate_limited', 'rate_limited']);
    assert.equal(await knock(scene, server, { transports }), 'welcome');
  });

test('an attacker with 1000 bad tokens leaves one line in ten seconds in the log, and is counted', async (scene) => {
  const server = await scene.ownServer();
  for (let session = 0; session < 10; ++session) {
    const raw = await Attacker.to(server);
    await raw.upgrade();
    for (let i = 0; i < 100; ++i) raw.sendFrame('40{"token":"x"}'); // More of them end a session.
    await raw.hears('44{', 100);
    raw.close();
  }
  const lines = server.err.split('\n').filter((line) => line.includes('connection refused'));
  assert.ok(lines.length >= 1 && lines.length <= 4, lines.join('\n')); // token_invalid, then rate_limited
  assert.match(lines[0], /code=token_invalid.*127\.0\.0\.1/);
});

test('X-Forwarded-For is believed from TRUSTED_PROXIES, its rightmost address that is none of them', async (scene) => {
  const server = await scene.ownServer({
    RATE_CONNECTIONS: '0.001/2',
    TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8, 2001:db8::/32',
  });
  const from = (forwarded) => knock(scene, server, { extraHeaders: { 'X-Forwarded-For': forwarded } });
  const heard = [];
  for (let i = 0; i < 3; ++i) heard.push(await from(`198.51.100.${i}, 203.0.113.1, 10.0.0.7`));
  assert.deepEqual(heard, ['welcome', 'welcome', 'rate_limited'], 'what the client put in front counts for nothing');
  assert.equal(await from('203.0.113.2'), 'welcome');
  assert.equal(await knock(scene, server), 'welcome');
});

test('X-Forwarded-For from anybody else is not believed', async (scene) => {
  for (const settings of [{}, { TRUSTED_PROXIES: '10.0.0.0/8' }]) {
    const server = await scene.ownServer({ RATE_CONNECTIONS: '0.001/2', ...settings });
    const heard = [];
    for (let i = 0; i < 3; ++i)
      heard.push(await knock(scene, server, { extraHeaders: { 'X-Forwarded-For': `203.0.113.${i}` } }));
    assert.deepEqual(heard, ['welcome', 'welcome', 'rate_limited']);
  }
});

test('addresses of one IPv6 /64 share their rate', async (scene) => {
  const server = await scene.ownServer({ RATE_CONNECTIONS: '0.001/2', TRUSTED_PROXIES: '127.0.0.1' });
  const from = (forwarded) => knock(scene, server, { extraHeaders: { 'X-Forwarded-For': forwarded } });
  assert.equal(await from('2001:db8:1:2::1'), 'welcome');
  assert.equal(await from('2001:db8:1:2:ffff::2'), 'welcome');
  assert.equal(await from('2001:db8:1:2:3::3'), 'rate_limited');
  assert.equal(await from('2001:db8:1:3::1'), 'welcome');
});

for (const transports of [['websocket'], ['polling']])
  test(`over ${transports} one client more than MAX_CONNECTIONS is server_full until another one leaves`, async (scene) => {
    const server = await scene.ownServer({ MAX_CONNECTIONS: '2' });
    const first = await scene.person('first', { server, transports });
    await scene.person('second', { server, transports });
    assert.equal(await knock(scene, server, { transports }), 'server_full');
    await first.join('a room');
    first.socket.disconnect();
    await untilWelcome(scene, server, { transports });
  });

test('one room more than MAX_ROOMS and one person more than MAX_PARTICIPANTS_PER_ROOM are limit_reached', async (scene) => {
  const server = await scene.ownServer({ MAX_ROOMS: '1', MAX_PARTICIPANTS_PER_ROOM: '2' });
  const [alice, bob, eve] = await Promise.all(['alice', 'bob', 'eve'].map((id) => scene.person(id, { server })));
  await alice.join('one');
  await bob.join('one');
  await eve.refused('join-room', { roomId: 'one' }, 'limit_reached');
  await eve.refused('join-room', { roomId: 'two' }, 'limit_reached');
  await bob.ok('leave-room');
  await eve.join('one');
});

test('events beyond RATE_EVENTS are rate_limited, of this connection alone', async (scene) => {
  const server = await scene.ownServer({ RATE_EVENTS: '1/10' });
  const noisy = await scene.person('noisy', { server });
  const quiet = await scene.person('quiet', { server });
  const replies = await Promise.all(Array.from({ length: 20 }, () => noisy.request('leave-room')));
  assert.deepEqual(
    replies.slice(0, 10).map(({ error }) => error.code),
    Array(10).fill('not_in_room'),
  );
  assert.equal(replies.at(-1).error.code, 'rate_limited');
  const error = await noisy.fails('leave-room');
  assert.deepEqual([error.code, error.event], ['rate_limited', 'leave-room']);
  await quiet.join('room');
  assert.equal(noisy.count('#disconnect'), 0);
});

test('heavy events beyond RATE_HEAVY_EVENTS are rate_limited, and light ones go on', async (scene) => {
  const server = await scene.ownServer({ RATE_HEAVY_EVENTS: '0.001/8' });
  const person = await scene.participant('p', 'room', { server });
  const codes = [];
  for (let i = 0; i < 8; ++i) {
    const reply = await person.request('create-webrtc-transport', { roomId: 'room', direction: 'send' });
    codes.push(reply.ok || reply.error.code);
  }
  assert.deepEqual(codes, [true, true, true, true, ...Array(4).fill('rate_limited')]);
  await person.ok('resume-all-consumers');
});

test('ICE candidates beyond RATE_ICE_CANDIDATES are rate_limited, and other events go on', async (scene) => {
  const server = await scene.ownServer({ RATE_ICE_CANDIDATES: '0.001/1' });
  const roomId = scene.room();
  const [ann, ben] = [await scene.person('ann', { server }), await scene.person('ben', { server })];
  for (const peer of [ann, ben]) await peer.ok('ready', { roomId, mediaState: {} });
  await ann.ok('ice-candidate', { to: 'ben', candidate: 'the first' });
  for (const candidate of ['the second', 'the third'])
    await ann.refused('ice-candidate', { to: 'ben', candidate }, 'rate_limited');
  await ann.ok('call-user', { to: 'ben', offer: 'an offer' });
  await ben.next('call-user');
  assert.equal(ben.count('ice-candidate'), 1);
  await ben.ok('ice-candidate', { to: 'ann', candidate: 'of another connection' });
});

test('joins of a user beyond RATE_JOINS are rate_limited over all of the connections', async (scene) => {
  const server = await scene.ownServer({ RATE_JOINS: '0.001/2' });
  const one = await scene.person('u', { server });
  const two = await scene.person('u', { server });
  await one.join('one');
  await two.join('two');
  await two.refused('join-room', { roomId: 'three' }, 'rate_limited');
  await (await scene.person('v', { server })).join('three');
});

test('a page that enters a meeting of a hundred and resumes 200 consumers at once passes', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const consumerId = '11111111-2222-3333-4444-555555555555';
  const replies = await Promise.all(Array.from({ length: 200 }, () => person.request('resume-consumer', { consumerId })));
  assert.deepEqual([...new Set(replies.map(({ error }) => error.code))], ['not_found']);
});

test('MAX_MESSAGE_BYTES is what the handshake says and what is read, and a byte more is not', async (scene) => {
  const server = await scene.ownServer({ MAX_MESSAGE_BYTES: '20000' });
  const open = await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text();
  assert.equal(JSON.parse(open.slice(1)).maxPayload, 20_000);
  const event = (bytes) => `42["x","${'y'.repeat(bytes - 10)}"]`;
  const person = await scene.person('p', { server });
  const { ws } = person.socket.io.engine.transport;
  assert.equal(event(20_000).length, 20_000);
  ws.send(event(20_000));
  assert.equal((await person.next('error')).code, 'unknown_event');
  ws.send(event(20_001));
  await person.next('#disconnect');
});

test('MAX_JSON_DEPTH is how deep an event may be nested', async (scene) => {
  const server = await scene.ownServer({ MAX_JSON_DEPTH: '10' });
  const person = await scene.person('p', { server });
  const deep = (levels) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  await person.refused('join-room', { roomId: deep(9) }, 'invalid_request');
  const error = await person.refused('join-room', { roomId: deep(10) }, 'too_deep');
  assert.match(error.detail, /10/);
});

test('one message that waits longer than MAX_QUEUE_SECONDS ends the connection, and the log says so', async (scene) => {
  const server = await scene.ownServer({ MAX_QUEUE_SECONDS: '1', MAX_QUEUE_BYTES: '1000000000', RATE_EVENTS: '1000000/1000000' });
  const slow = await Attacker.to(server);
  await slow.upgrade();
  slow.sendFrame(`40{"token":"${tokenOf('slow')}"}`);
  await slow.until(/40\{/);
  slow.pause();
  const asking = `42${JSON.stringify(['x'.repeat(20_000)])}`; // The error names the event.
  for (let i = 0; i < 600; ++i) slow.sendFrame(asking);
  while (!/refusal=slow_reader/.test(server.err)) await fetch(`${server.url}/health`);
  slow.close();
});

test('what waits for a reader beyond MAX_QUEUE_BYTES ends the connection', async (scene) => {
  const server = await scene.ownServer({ MAX_QUEUE_BYTES: '100000', MAX_MESSAGE_BYTES: '100000', RATE_EVENTS: '1000000/1000000' });
  const person = await scene.person('p', { server });
  const { ws } = person.socket.io.engine.transport;
  ws.pause();
  const asking = `42${JSON.stringify(['x'.repeat(20_000)])}`;
  for (let i = 0; i < 600; ++i) ws.send(asking);
  while (!/refusal=slow_reader/.test(server.err)) await fetch(`${server.url}/health`);
  ws.resume();
  await person.next('#disconnect');
});

test('a header beyond HEADER_TIMEOUT, a body beyond BODY_TIMEOUT and a session beyond CONNECT_TIMEOUT are given up', async (scene) => {
  const server = await scene.ownServer({ HEADER_TIMEOUT: '1', BODY_TIMEOUT: '1', CONNECT_TIMEOUT: '1' });
  const [silent, header, body, session] = await Promise.all(Array.from({ length: 4 }, () => Attacker.to(server)));
  header.send('GET / HTTP/1.1\r\nHost: x\r\nX: ');
  body.send('POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx');
  await session.upgrade();
  await Promise.all([silent, header, body, session].map((client) => client.end()));
  assert.match(server.err, /refusal=slow_request/);
  assert.match(server.err, /refusal=never_connected/);
  const person = await scene.person('p', { server });
  await person.join('room');
});

test('with DISCONNECT_EXPIRED_TOKENS a connection ends with its token, and is told so', async (scene) => {
  const server = await scene.ownServer({ DISCONNECT_EXPIRED_TOKENS: 'on' });
  const room = 'room';
  const short = await scene.participant('short', room, { server, claims: { exp: inSeconds(2) } });
  const long = await scene.participant('long', room, { server });
  const error = await short.next('error');
  assert.deepEqual(error, { message: 'Authentication failed', code: 'token_expired', event: 'connect' });
  assert.equal(await short.next('#disconnect'), 'io server disconnect');
  await long.settle();
  assert.equal(await knock(scene, server, { claims: { exp: inSeconds(-1) } }), 'token_expired');
  assert.equal(await knock(scene, server), 'welcome');
});

test('who is disconnected because its token expired comes back with a new one and resumes', async (scene) => {
  const server = await scene.ownServer({ DISCONNECT_EXPIRED_TOKENS: 'on' });
  const short = await scene.participant('short', 'room', { server, claims: { exp: inSeconds(2) } });
  const producerId = await short.produce('audio', chromiumAudio());
  const other = await scene.participant('other', 'room', { server });
  const before = other.heard.length;
  await short.next('#disconnect');
  assert.equal(await knock(scene, server, { userId: 'short', claims: { exp: inSeconds(-1) } }), 'token_expired');
  const again = await scene.person('short', { server });
  const reply = await again.ok('join-room', { roomId: 'room', resume: true });
  assert.equal(reply.resumed, true);
  assert.deepEqual(
    reply.producers.map(({ id }) => id),
    [producerId],
  );
  assert.equal(reply.transports.length, 2);
  await again.settle(other);
  assert.deepEqual(other.names(before).filter((name) => name !== 'participant-stats'), []);
});

test('one person more than MAX_PEERS_PER_ROOM in a peer-to-peer room is limit_reached', async (scene) => {
  const server = await scene.ownServer({ MAX_PEERS_PER_ROOM: '2' });
  const [ann, bob, eve] = await Promise.all(['ann', 'bob', 'eve'].map((id) => scene.person(id, { server })));
  await ann.ok('ready', { roomId: 'one' });
  await bob.ok('ready', { roomId: 'one' });
  await eve.refused('ready', { roomId: 'one' }, 'limit_reached');
  await bob.ok('user-left', { roomId: 'one' });
  await eve.ok('ready', { roomId: 'one' });
});

test('what one makes others be sent peer to peer beyond RATE_PEER_BYTES is rate_limited, and others go on', async (scene) => {
  const server = await scene.ownServer({ RATE_PEER_BYTES: '1/100000' });
  const [ann, bob] = await Promise.all(['ann', 'bob'].map((id) => scene.person(id, { server })));
  for (const person of [ann, bob]) await person.ok('ready', { roomId: 'one' });
  const message = 'x'.repeat(40_000);
  await ann.ok('chat:message', { roomId: 'one', message });
  await ann.ok('chat:message', { roomId: 'one', message });
  const error = await ann.refused('chat:message', { roomId: 'one', message: 'x' }, 'rate_limited');
  assert.equal(error.message, 'Failed to send message');
  await ann.refused('call-user', { to: 'bob', offer: {} }, 'rate_limited');
  await bob.ok('chat:message', { roomId: 'one', message: 'still here' });
  assert.equal((await ann.next('chat:message', ({ userId }) => userId === 'bob')).message, 'still here');
  await ann.ok('user-left', { roomId: 'one' });
  await ann.join('a media room');
});

test('without it a call that began with a good token goes on', async (scene) => {
  const exp = inSeconds(4);
  const person = await scene.participant('p', scene.room(), { claims: { exp } });
  while (Date.now() / 1000 < exp + 1) await fetch(`${(await scene.server()).url}/health`);
  await person.ok('get-participant-stats');
  assert.equal(person.count('#disconnect'), 0);
});

const bad = {
  TRUSTED_PROXIES: ['proxy.example.org', '10.0.0.0/33', '10.0.0.1,', '*', '10.0.0.1 10.0.0.2'],
  DISCONNECT_EXPIRED_TOKENS: ['yes', '1'],
  MAX_CONNECTIONS: ['0', '-1', 'many', '1000001'],
  MAX_CONNECTIONS_PER_ADDRESS: ['0', 'x'],
  MAX_ROOMS: ['0', '1e3'],
  MAX_PARTICIPANTS_PER_ROOM: ['0', '100001'],
  MAX_MESSAGE_BYTES: ['9999', '1MB'],
  MAX_JSON_DEPTH: ['7', '65'],
  MAX_QUEUE_BYTES: ['99999', 'x', '999999'], // The last is less than one message.
  MAX_PEERS_PER_ROOM: ['1', '1001', 'x'],
  MAX_QUEUE_SECONDS: ['0', '601', '1.5'],
  HEADER_TIMEOUT: ['0', '10s'],
  BODY_TIMEOUT: ['0', '601'],
  CONNECT_TIMEOUT: ['0', '601'],
  RATE_CONNECTIONS: ['100', '100/', '/100', '0/10', '10/0', '10/1.5', '-1/10', '1/2/3', 'nan/10', '1e9/10'],
  RATE_FAILED_LOGINS: ['x/y'],
  RATE_JOINS: ['10 / 20'],
  RATE_EVENTS: ['200'],
  RATE_HEAVY_EVENTS: ['50:500'],
  RATE_ICE_CANDIDATES: ['inf/1'],
  RATE_ADDRESS_BYTES: ['1000', '1e10/10', '10/0'],
  RATE_PEER_BYTES: ['1000', '1e10/10', '10/0'],
};

for (const [name, values] of Object.entries(bad))
  test(`a bad ${name} ends the start with status 2, the value and what is allowed`, async (scene) => {
    for (const value of values) {
      const server = scene.launch({ env: { ...(await usualSettings()), [name]: value } });
      assert.equal(await server.ended(), 2, `${value}: ${server.out}${server.err}`);
      assert.match(server.err, new RegExp(`${name}.*allowed`, 's'));
    }
  });

test('--help lists every limit', async (scene) => {
  const server = scene.launch({ args: ['--help'] });
  assert.equal(await server.ended(), 0);
  for (const name of Object.keys(bad)) assert.ok(server.out.includes(name), name);
});
