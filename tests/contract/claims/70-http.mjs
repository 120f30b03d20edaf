// Sections 5 and 6: HTTP, CORS and statistics.
import { strict as assert } from 'node:assert';
import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumAudio, chromiumVideo } from '../lib/media.mjs';
import { raw } from '../lib/raw.mjs';
import { Skipped, test } from '../lib/runner.mjs';
import { assertShape, exactly, isCount, isId, isNumber } from '../lib/shape.mjs';
import { SECRET } from '../lib/token.mjs';

const upgrade = (origin, host) => ({
  path: '/socket.io/?EIO=4&transport=websocket',
  headers: {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(origin !== undefined && { Origin: origin }),
    ...(host && { Host: host }),
  },
});

test('GET /health is 200 with the fields that monitors read', async (scene) => {
  const server = await scene.server();
  const answer = await fetch(`${server.url}/health`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^application\/json/);
  const health = await answer.json();
  const bytes = (value) => Number.isInteger(value) && value >= 0;
  assertShape(health, {
    status: exactly('OK'),
    service: exactly('mediasoup-service'),
    timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    uptime: (value) => isNumber(value) && value > 0 && value < 3600,
    memory: { rss: bytes, heapTotal: bytes, heapUsed: bytes, external: bytes },
  });
  assert.ok(Math.abs(Date.parse(health.timestamp) - Date.now()) < 10_000);
  assert.ok(health.memory.rss > 1e6);
});

test('uptime of /health grows', async (scene) => {
  const server = await scene.server();
  const uptime = async () => (await (await fetch(`${server.url}/health`)).json()).uptime;
  const first = await uptime();
  assert.ok((await uptime()) > first);
});

test('a query behind /health and /stats changes nothing', async (scene) => {
  const server = await scene.server();
  for (const path of ['/health?probe=1', '/stats?x']) assert.equal((await fetch(server.url + path)).status, 200, path);
});

for (const path of [
  '/nothing',
  '/',
  '/index.html',
  '/health/x',
  '/healthz',
  '/stats/',
  '/HEALTH',
  '/demo/token',
  '/socket.io',
  '/%2e%2e/etc/passwd',
  '/../../../../etc/passwd',
  '//',
  '/__proto__',
])
  test(`GET ${path} is 404 { error: 'Not found' } outside demo mode`, async (scene) => {
    const { status, text, headers } = await raw((await scene.server()).url, { path });
    if (path === '/socket.io') return assert.ok(status === 404 || status === 400, String(status));
    assert.equal(status, 404);
    assert.deepEqual(JSON.parse(text), { error: 'Not found' });
    assert.match(headers['content-type'], /^application\/json/);
  });

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
  test(`${method} gives no token and no statistics outside demo mode`, async (scene) => {
    const server = await scene.server();
    for (const path of ['/demo/token', '/stats', '/health', '/']) {
      const { status, text } = await raw(server.url, {
        path,
        method,
        body: '{"name":"x"}',
        headers: { 'Content-Type': 'application/json' },
      });
      assert.equal(status, 404, path);
      assert.deepEqual(JSON.parse(text), { error: 'Not found' });
    }
  });

const worker = {
  index: isCount,
  pid: isCount,
  routers: isCount,
  transports: isCount,
  producers: isCount,
  consumers: isCount,
  loopLoad: (value) => isNumber(value) && value >= 0 && value <= 1,
  ciphers: (value) => /^(libipsec-mb|OpenSSL) \d/.test(value),
};

async function someCall(scene, server) {
  const room = scene.room();
  const alice = await scene.participant('alice', room, { server });
  const bob = await scene.participant('bob', room, { server });
  const audio = await alice.produce('audio', chromiumAudio());
  const screen = await alice.produce('video', chromiumVideo(), { screen: true });
  const { consumerId } = await bob.next('new-consumer');
  await bob.next('new-consumer');
  await bob.ok('resume-consumer', { consumerId });
  return { room, alice, bob, audio, screen };
}

test('GET /stats has the shape that dashboards read', async (scene) => {
  const server = await scene.ownServer();
  const { room, audio, screen } = await someCall(scene, server);
  const peer = await scene.person('peer', { server });
  await peer.ok('ready', { roomId: room, mediaState: {} });
  const stats = await (await fetch(`${server.url}/stats`)).json();
  for (const [key, wanted] of Object.entries({
    workers: 2,
    rooms: 1,
    totalParticipants: 2,
    totalProducers: 2,
    totalConsumers: 2,
    peerToPeerRooms: 1,
    peerToPeerParticipants: 1,
  }))
    assert.equal(stats[key], wanted, key);
  assert.deepEqual(Object.keys(stats).sort(), [
    'peerToPeerParticipants',
    'peerToPeerRooms',
    'roomStats',
    'rooms',
    'totalConsumers',
    'totalParticipants',
    'totalProducers',
    'workerStats',
    'workers',
  ]);
  assert.equal(stats.roomStats.length, 1);
  const producer = (id) => ({ id: exactly(id), 'paused?': 'boolean' });
  const participant = {
    id: /^(alice|bob)$/,
    userInfo: { email: /@example\.test$/, userId: /^(alice|bob)$/ },
    rtpCapabilities: exactly(true),
    producers: { 'audio?': producer(audio), 'screenVideo?': producer(screen) },
    consumers: { totalConsumers: isCount, activeConsumers: isCount, pausedConsumers: isCount },
    transports: exactly({ send: true, recv: true, legacy: false }),
  };
  assertShape(stats.roomStats[0], {
    roomId: exactly(room),
    participantCount: exactly(2),
    totalProducers: exactly(2),
    totalConsumers: exactly(2),
    participants: [participant],
  });
  const [alice, bob] = stats.roomStats[0].participants.sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepEqual(Object.keys(alice.producers).sort(), ['audio', 'screenVideo']);
  assert.deepEqual(alice.consumers, { totalConsumers: 0, activeConsumers: 0, pausedConsumers: 0 });
  assert.deepEqual(bob.consumers, { totalConsumers: 2, activeConsumers: 1, pausedConsumers: 1 });
  assert.equal(stats.workerStats.length, 2);
  for (const one of stats.workerStats) {
    assertShape(Object.fromEntries(Object.keys(worker).map((key) => [key, one[key]])), worker);
    for (const key of ['ru_utime', 'ru_stime', 'ru_maxrss']) assert.ok(isNumber(one.resourceUsage[key]), key);
    assert.equal(one.pid, server.pid);
    const traffic = Object.keys(one).filter((key) => /^(packets|bytes)(Received|Sent|In|Out)$/.test(key));
    assert.equal(traffic.length, 4, JSON.stringify(one));
  }
  assert.deepEqual(
    stats.workerStats.map(({ index }) => index),
    [0, 1],
  );
  for (const key of ['routers', 'transports', 'producers', 'consumers'])
    assert.equal(
      stats.workerStats.reduce((sum, one) => sum + one[key], 0),
      { routers: 1, transports: 4, producers: 2, consumers: 2 }[key],
      key,
    );
});

test('rooms are spread over the workers', async (scene) => {
  const server = await scene.ownServer();
  for (let i = 0; i < 4; ++i) await scene.participant(`p${i}`, scene.room(), { server });
  const { workerStats } = await (await fetch(`${server.url}/stats`)).json();
  assert.deepEqual(
    workerStats.map(({ routers }) => routers),
    [2, 2],
  );
});

test('an empty server has empty statistics', async (scene) => {
  const server = await scene.ownServer();
  const { workerStats, ...stats } = await (await fetch(`${server.url}/stats`)).json();
  assert.deepEqual(stats, {
    workers: 2,
    rooms: 0,
    totalParticipants: 0,
    totalProducers: 0,
    totalConsumers: 0,
    peerToPeerRooms: 0,
    peerToPeerParticipants: 0,
    roomStats: [],
  });
  assert.equal(workerStats.length, 2);
});

function outerAddress() {
  const all = Object.values(networkInterfaces()).flat();
  const found = all.find(({ internal, family }) => !internal && family === 'IPv4');
  if (!found) throw new Skipped('this machine has no address beyond loopback');
  return found.address;
}

test('loopback sees all of /stats, over IPv4 and IPv6', async (scene) => {
  const server = await scene.ownServer({ ADMIN_TOKEN: 'admin-7d20c6e1b5f84a39' });
  await someCall(scene, server);
  const hosts = ['127.0.0.1', '127.1.2.3'];
  if (
    Object.values(networkInterfaces())
      .flat()
      .some(({ address }) => address === '::1')
  )
    hosts.push('[::1]');
  for (const host of hosts) {
    const stats = await (await fetch(`http://${host}:${server.port}/stats`)).json();
    assert.deepEqual(stats.roomStats[0].participants.map(({ id }) => id).sort(), ['alice', 'bob'], host);
  }
});

const ADMIN = 'admin-7d20c6e1b5f84a39';

test('beyond loopback, /stats tells sums and no people', async (scene) => {
  const host = outerAddress();
  const server = await scene.ownServer({ ADMIN_TOKEN: ADMIN });
  const { audio, screen } = await someCall(scene, server);
  const url = `http://${host}:${server.port}`;
  const bearer = (token) => ({ Authorization: `Bearer ${token}` });
  for (const headers of [
    {},
    { 'X-Forwarded-For': '127.0.0.1' },
    { 'X-Real-IP': '127.0.0.1' },
    { Forwarded: 'for=127.0.0.1' },
    bearer('wrong'),
    bearer(''),
    bearer(ADMIN.slice(0, -1)),
    bearer(`${ADMIN}x`),
    bearer(SECRET),
    { Authorization: ADMIN },
    { Authorization: `Basic ${ADMIN}` },
    { Host: 'localhost' },
  ]) {
    const { status, text } = await raw(url, { path: `/stats?token=${ADMIN}`, headers });
    assert.equal(status, 200);
    for (const secret of ['alice', 'bob', 'example.test', audio, screen, 'userInfo'])
      assert.ok(!text.includes(secret), `${secret}: ${text}`);
    const stats = JSON.parse(text);
    assert.deepEqual([stats.rooms, stats.totalParticipants, stats.totalProducers, stats.totalConsumers], [1, 2, 2, 2]);
    assert.deepEqual(
      [stats.roomStats[0].participantCount, stats.roomStats[0].totalProducers, stats.roomStats[0].totalConsumers],
      [2, 2, 2],
    );
    assert.equal(stats.workerStats.length, 2);
  }
});

test('beyond loopback, the admin token opens /stats', async (scene) => {
  const host = outerAddress();
  const server = await scene.ownServer({ ADMIN_TOKEN: ADMIN });
  await someCall(scene, server);
  const answer = await fetch(`http://${host}:${server.port}/stats`, { headers: { Authorization: `Bearer ${ADMIN}` } });
  const stats = await answer.json();
  assert.deepEqual(stats.roomStats[0].participants.map(({ id }) => id).sort(), ['alice', 'bob']);
  assert.equal(stats.roomStats[0].participants[0].userInfo.email.split('@')[1], 'example.test');
});

test('without an ADMIN_TOKEN no token opens /stats beyond loopback', async (scene) => {
  const host = outerAddress();
  const server = await scene.ownServer();
  await someCall(scene, server);
  for (const token of ['', 'undefined', 'null', 'none'])
    assert.ok(
      !(
        await raw(`http://${host}:${server.port}`, { path: '/stats', headers: { Authorization: `Bearer ${token}` } })
      ).text.includes('alice'),
    );
});

const LIST = 'https://meet.example.org, https://other.example.org:8443';
const everywhere = [
  '/health',
  '/stats',
  '/nothing',
  '/socket.io/?EIO=4&transport=polling',
  '/socket.io/?EIO=4&transport=polling&sid=unknown',
];

test('every answer carries CORS headers for an origin of the list, and for no other', async (scene) => {
  const server = await scene.server({ CORS_ORIGIN: LIST });
  for (const path of everywhere) {
    for (const Origin of ['https://meet.example.org', 'https://other.example.org:8443']) {
      const { headers } = await raw(server.url, { path, headers: { Origin } });
      assert.equal(headers['access-control-allow-origin'], Origin, path);
      assert.match(headers.vary ?? '', /origin/i, path);
    }
    for (const Origin of [
      'https://evil.example',
      'https://meet.example.org.evil.example',
      'http://meet.example.org',
      'https://meet.example.org:444',
      'https://other.example.org',
      'https://xmeet.example.org',
      'null',
      '*',
      '',
      'https://MEET.example.org.',
      LIST,
    ])
      assert.equal(
        (await raw(server.url, { path, headers: { Origin } })).headers['access-control-allow-origin'],
        undefined,
        `${path} ${Origin}`,
      );
  }
});

test('without CORS_ORIGIN only http://localhost:5173 is allowed', async (scene) => {
  const server = await scene.server();
  const allowed = async (Origin) =>
    (await raw(server.url, { path: '/health', headers: { Origin } })).headers['access-control-allow-origin'];
  assert.equal(await allowed('http://localhost:5173'), 'http://localhost:5173');
  assert.equal(await allowed('https://meet.example.org'), undefined);
});

test('where one origin alone is allowed, an answer names it also to who says none', async (scene) => {
  for (const [changes, expected] of [
    [{}, 'http://localhost:5173'],
    [{ CORS_ORIGIN: LIST }, undefined],
  ]) {
    const server = await scene.server(changes);
    for (const path of everywhere)
      assert.equal((await raw(server.url, { path })).headers['access-control-allow-origin'], expected, path);
  }
});

test('CORS_ORIGIN=* allows every origin, over HTTP and WebSocket', async (scene) => {
  const server = await scene.server({ CORS_ORIGIN: '*' });
  for (const path of everywhere) {
    const { headers } = await raw(server.url, { path, headers: { Origin: 'https://any.example' } });
    assert.ok(['*', 'https://any.example'].includes(headers['access-control-allow-origin']), path);
  }
  assert.equal((await raw(server.url, upgrade('https://any.example'))).status, 101);
});

test('a preflight is answered with what the origin may do', async (scene) => {
  const server = await scene.server({ CORS_ORIGIN: LIST });
  for (const path of everywhere) {
    const ask = (Origin) =>
      raw(server.url, {
        path,
        method: 'OPTIONS',
        headers: {
          Origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type,authorization',
        },
      });
    const good = await ask('https://meet.example.org');
    assert.ok([200, 204].includes(good.status), `${path}: ${good.status}`);
    assert.equal(good.headers['access-control-allow-origin'], 'https://meet.example.org');
    assert.match(good.headers['access-control-allow-methods'], /POST/);
    assert.match(good.headers['access-control-allow-headers'], /content-type/i);
    assert.match(good.headers['access-control-allow-headers'], /authorization/i);
    assert.equal((await ask('https://evil.example')).headers['access-control-allow-origin'], undefined);
  }
});

test('a WebSocket upgrade is 403 from a foreign origin, and allowed from the list, the own host, or without an origin', async (scene) => {
  const server = await scene.server({ CORS_ORIGIN: LIST });
  const status = async (origin, host) => (await raw(server.url, upgrade(origin, host))).status;
  for (const origin of [
    'https://evil.example',
    'http://localhost:5173',
    'null',
    'http://127.0.0.1:1',
    'https://meet.example.org.evil.example',
    'https://meet.example.orgx',
  ])
    assert.equal(await status(origin), 403, origin);
  for (const origin of ['https://meet.example.org', 'https://other.example.org:8443', server.url, undefined])
    assert.equal(await status(origin), 101, origin);
  assert.equal(await status('https://sfu.example.net', 'sfu.example.net'), 101);
  assert.equal(await status('https://sfu.example.net', 'other.example.net'), 403);
});

test('a refused upgrade leaves the server well', async (scene) => {
  const server = await scene.server({ CORS_ORIGIN: LIST });
  await raw(server.url, upgrade('https://evil.example'));
  const person = await scene.person('p', { server });
  await person.join(scene.room());
});

test('what is no HTTP is answered with 400 or cut off, and harms nobody', async (scene) => {
  const server = await scene.server();
  const other = await scene.participant('other', scene.room());
  for (const bytes of [
    '\x16\x03\x01 hello\r\n\r\n',
    'GET\r\n\r\n',
    '\r\n\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\nA: ${'x'.repeat(200_000)}\r\n\r\n`,
    'POST /socket.io/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n',
  ]) {
    const answer = await new Promise((fulfil) => {
      let text = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (part) => {
        text += part;
        socket.end();
      });
      socket.on('error', () => fulfil(text));
      socket.on('close', () => fulfil(text));
    });
    assert.ok(answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer), `${bytes.slice(0, 40)}: ${answer.slice(0, 80)}`);
  }
  await other.settle();
});

test('a page folder is served at /, and nothing outside it', async (scene) => {
  const folder = mkdtempSync(join(tmpdir(), 'contract-page-'));
  try {
    writeFileSync(join(folder, 'index.html'), '<title>page</title>');
    writeFileSync(join(folder, 'script.js'), 'let x;');
    const server = await scene.ownServer({ DEMO_DIR: folder });
    const home = await raw(server.url);
    assert.equal(home.status, 200);
    assert.match(home.headers['content-type'], /^text\/html/);
    assert.equal(home.text, '<title>page</title>');
    assert.match((await raw(server.url, { path: '/script.js' })).headers['content-type'], /javascript/);
    for (const path of [
      '/../../../etc/passwd',
      '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2f..%2fetc/passwd',
      '//etc/passwd',
      '/nothing.js',
      '/script.js%00.html',
    ]) {
      const { status, text } = await raw(server.url, { path });
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      assert.ok(!text.includes('root:'));
    }
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
    assert.equal((await raw(server.url, { path: '/demo/token', method: 'POST', body: '{"name":"x"}' })).status, 404);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('ids in statistics are those that clients know', async (scene) => {
  const server = await scene.ownServer();
  const { bob } = await someCall(scene, server);
  const { transports } = await bob.ok('get-participant-stats');
  assert.deepEqual(transports.details.map(({ id }) => id).sort(), [bob.send.id, bob.recv.id].sort());
  assert.ok(transports.details.every(({ id }) => isId(id)));
});
