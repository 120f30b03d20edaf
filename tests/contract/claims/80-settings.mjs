// Section 7: settings, demo mode, start and stop.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { Skipped, test } from '../lib/runner.mjs';
import { freeMediaPorts, usualSettings } from '../lib/server.mjs';
import { hs256, inSeconds } from '../lib/token.mjs';

async function refuses(scene, { env = {}, ...options }, ...patterns) {
  const server = scene.launch({ env: { ...(await usualSettings()), ...env }, ...options });
  assert.equal(await server.ended(), 2, server.out + server.err);
  for (const pattern of patterns) assert.match(server.err, pattern);
  assert.doesNotMatch(server.out, /listens/);
  return server.err;
}

const bad = {
  PORT: ['port', '-1', '65536', '80.5', '0x50', '1e3', '3003 3004'],
  MEDIASOUP_LISTEN_IP: [
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '127.0.0.1,',
    '127.0.0.1,127.0.0.1',
    '224.0.0.1',
    'fe80::zz',
  ],
  MEDIASOUP_ANNOUNCED_IP: ['example.org', '1.2.3', '0.0.0.0', '::', '1.2.3.4:80'],
  MEDIASOUP_MIN_PORT: ['0', '-1', '65536', 'x', '50000.5'],
  MEDIASOUP_MAX_PORT: ['0', '-1', '65536', 'x', '1'],
  MEDIASOUP_LOG_LEVEL: ['info', 'verbose', 'WARN!', '1'],
  LOG_LEVEL: ['none', 'verbose', 'trace', '1'],
  MEDIASOUP_NUM_WORKERS: ['0', '-1', '1.5', 'all', '100000'],
  MEDIASOUP_PIN_WORKERS: ['yes', '1', 'ON', '0-3'],
  MEDIASOUP_ENABLE_TCP: ['no', 'false', '0', 'passive'],
  MEDIASOUP_SPREAD_MARGIN: ['-1', '101', '0.1', '10%'],
  RECONNECT_GRACE_SECONDS: ['-1', '3601', '0.5', '30s'],
  CORS_ORIGIN: [
    'example.org',
    'https://example.org/',
    'https://example.org/path',
    'https://a.example,,https://b.example',
    'https://*.example.org',
  ],
};

for (const [name, values] of Object.entries(bad))
  test(`a bad ${name} exits with status 2 and names the setting, the value and what is allowed`, async (scene) => {
    for (const value of values) {
      const told = await refuses(scene, { env: { [name]: value } });
      if (name === 'MEDIASOUP_MAX_PORT' && value === '1') assert.match(told, /MEDIASOUP_M(IN|AX)_PORT/);
      else assert.match(told, new RegExp(`${name}.*allowed`, 's'), value);
      // Of a list the bad part is shown, which is empty where two commas meet.
      assert.ok(
        [value, ...value.split(',')].some((part) => told.includes(`"${part}"`) || told.includes(`is ${part}`)),
        `${value}: ${told}`,
      );
    }
  });

test('all that is wrong is said at once, one line each', async (scene) => {
  const told = await refuses(
    scene,
    { env: { PORT: 'x', LOG_LEVEL: 'y', MEDIASOUP_NUM_WORKERS: 'z' } },
    /^.*PORT/m,
    /^.*LOG_LEVEL/m,
    /^.*MEDIASOUP_NUM_WORKERS/m,
  );
  assert.ok(told.trim().split('\n').length >= 3);
});

test('a missing JWT_SECRET exits with status 2 and names it', async (scene) => {
  await refuses(scene, { env: { JWT_SECRET: undefined } }, /JWT_SECRET/);
  await refuses(scene, { env: { JWT_SECRET: '' } }, /JWT_SECRET/);
});

for (const [title, secret] of [
  ['shorter than 16 bytes', 'q7Zk2pX'],
  ['that documentation shows', 'your-super-secret-jwt-key-change-this-in-production'],
]) {
  test(`a JWT_SECRET ${title} gives a warning that does not show it, and works`, async (scene) => {
    const server = await scene.ownServer({ JWT_SECRET: secret });
    assert.match(server.err, /warning.*JWT_SECRET/);
    assert.ok(!(server.err + server.out).includes(secret));
    const person = await scene.stranger({
      server,
      token: hs256({ userId: 'u', email: 'u@x', exp: inSeconds(60) }, secret),
    });
    await person.next('#connect');
  });

  test(`a JWT_SECRET ${title} is refused with NODE_ENV=production`, async (scene) => {
    const told = await refuses(scene, { env: { JWT_SECRET: secret, NODE_ENV: 'production' } }, /JWT_SECRET/);
    assert.ok(!told.includes(secret));
  });
}

test('a strong JWT_SECRET gives no warning, also with NODE_ENV=production', async (scene) => {
  const server = await scene.ownServer({ NODE_ENV: 'production' });
  assert.doesNotMatch(server.err, /warning/);
});

test('a public key that is none, is too weak, or is of another kind exits with status 2', async (scene) => {
  const pem = (key, type) => key.export({ type, format: 'pem' });
  for (const key of [
    'no key',
    '/no/such/file',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, 'spki'),
    pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, 'spki'),
    pem(generateKeyPairSync('ed25519').publicKey, 'spki'),
  ])
    await refuses(scene, { env: { JWT_PUBLIC_KEY: key } }, /JWT_PUBLIC_KEY/);
});

test('the command line wins over the environment', async (scene) => {
  const server = scene.launch({ env: { ...(await usualSettings()), PORT: 'nonsense' }, args: ['--port', '0'] });
  await server.listening;
  await refuses(scene, { args: ['--port', 'nonsense'] }, /PORT.*nonsense/);
});

test('the environment wins over .env, and .env counts where nothing else is said', async (scene) => {
  const settings = await usualSettings();
  const dotenv = `# a comment\nPORT=nonsense\n\nexport MEDIASOUP_NUM_WORKERS='1'\nJWT_SECRET="${settings.JWT_SECRET}"\n`;
  const server = scene.launch({
    env: { ...settings, JWT_SECRET: undefined, MEDIASOUP_NUM_WORKERS: undefined },
    dotenv,
  });
  await server.listening;
  assert.equal((await (await fetch(`${server.url}/stats`)).json()).workers, 1);
  await (await scene.person('p', { server })).join(scene.room());
  await refuses(scene, { env: { PORT: undefined }, dotenv }, /PORT.*nonsense/);
});

test('--help lists every setting and exits with status 0', async (scene) => {
  const server = scene.launch({ args: ['--help'], env: { PORT: 'nonsense' } });
  assert.equal(await server.ended(), 0);
  for (const name of [
    'PORT',
    'JWT_SECRET',
    'JWT_PUBLIC_KEY',
    'ADMIN_TOKEN',
    'CORS_ORIGIN',
    'MEDIASOUP_LISTEN_IP',
    'MEDIASOUP_ANNOUNCED_IP',
    'MEDIASOUP_MIN_PORT',
    'MEDIASOUP_MAX_PORT',
    'MEDIASOUP_LOG_LEVEL',
    'LOG_LEVEL',
    'MEDIASOUP_NUM_WORKERS',
    'MEDIASOUP_PIN_WORKERS',
    'MEDIASOUP_ENABLE_TCP',
    'MEDIASOUP_SPREAD_MARGIN',
    'RECONNECT_GRACE_SECONDS',
    '--demo',
  ])
    assert.ok(server.out.includes(name), name);
  for (const value of ['3003', '40000', '49999', 'http://localhost:5173', '0.0.0.0'])
    assert.ok(server.out.includes(value), value);
});

test('an option that is none exits with status 2 and names it', async (scene) => {
  for (const args of [['--porrt', '1'], ['--port'], ['stray'], ['-x']])
    await refuses(scene, { args }, new RegExp(args[0]));
});

test('more workers than media ports exits with status 2 and names the setting', async (scene) => {
  await refuses(
    scene,
    { env: { MEDIASOUP_MIN_PORT: '30000', MEDIASOUP_MAX_PORT: '30001', MEDIASOUP_NUM_WORKERS: '3' } },
    /MEDIASOUP_NUM_WORKERS/,
  );
});

test('a port that is taken ends the start with its number and status 1', async (scene) => {
  const first = await scene.ownServer();
  const second = scene.launch({ env: { ...(await usualSettings()), PORT: String(first.port) } });
  assert.equal(await second.ended(), 1);
  assert.match(second.err, new RegExp(`${first.port}`));
  assert.match(second.err, /use|taken|bind/i);
  assert.equal((await fetch(`${first.url}/health`)).status, 200);
});

async function candidatesOf(scene, server) {
  const person = await scene.participant('p', scene.room(), { server });
  return person.send.iceCandidates;
}

test('each worker takes one media port, the next free one of the range', async (scene) => {
  const first = await freeMediaPorts(4);
  const blocker = createSocket('udp4');
  await new Promise((done) => blocker.bind(first, '127.0.0.1', done));
  try {
    const server = await scene.ownServer({
      MEDIASOUP_MIN_PORT: String(first),
      MEDIASOUP_MAX_PORT: String(first + 3),
      MEDIASOUP_NUM_WORKERS: '2',
    });
    const ports = new Set();
    for (let i = 0; i < 2; ++i) for (const { port } of await candidatesOf(scene, server)) ports.add(port);
    assert.deepEqual([...ports].sort(), [first + 1, first + 2]);
  } finally {
    blocker.close();
  }
});

test('a media range with no free port ends the start with the reason and status 1', async (scene) => {
  const first = await freeMediaPorts(1);
  const blocker = createSocket('udp4');
  await new Promise((done) => blocker.bind(first, '127.0.0.1', done));
  try {
    const env = { MEDIASOUP_MIN_PORT: String(first), MEDIASOUP_MAX_PORT: String(first), MEDIASOUP_NUM_WORKERS: '1' };
    const server = scene.launch({ env: { ...(await usualSettings()), ...env } });
    assert.equal(await server.ended(), 1);
    assert.match(server.err, new RegExp(`${first}`));
  } finally {
    blocker.close();
  }
});

test('the announced address stands in the candidates', async (scene) => {
  const server = await scene.ownServer({ MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: '203.0.113.7' });
  const candidates = await candidatesOf(scene, server);
  assert.deepEqual([...new Set(candidates.map(({ ip, address }) => `${ip} ${address}`))], ['203.0.113.7 203.0.113.7']);
});

test("a wildcard without an announced address announces the machine's own", async (scene) => {
  const server = await scene.ownServer({ MEDIASOUP_LISTEN_IP: '0.0.0.0' });
  const own = Object.values(networkInterfaces())
    .flat()
    .map(({ address }) => address);
  const candidates = await candidatesOf(scene, server);
  assert.ok(candidates.length > 0);
  for (const { ip, address } of candidates) {
    assert.equal(ip, address);
    assert.ok(own.includes(ip), ip);
  }
});

test('a list of listen addresses, IPv6 among them, gives a candidate for each', async (scene) => {
  const server = await scene.ownServer({ MEDIASOUP_LISTEN_IP: '127.0.0.1, ::1' });
  const candidates = await candidatesOf(scene, server);
  for (const wanted of ['udp', 'tcp'])
    assert.deepEqual(
      candidates.filter(({ protocol }) => protocol === wanted).map(({ ip }) => ip).sort(),
      ['127.0.0.1', '::1'],
    );
  assert.equal(new Set(candidates.map(({ foundation }) => foundation)).size, 4);
  assert.equal(new Set(candidates.map(({ priority }) => priority)).size, 4);
});

test('MEDIASOUP_NUM_WORKERS is the number of workers', async (scene) => {
  for (const number of [1, 3]) {
    const server = await scene.ownServer({ MEDIASOUP_NUM_WORKERS: String(number) });
    const stats = await (await fetch(`${server.url}/stats`)).json();
    assert.deepEqual([stats.workers, stats.workerStats.length], [number, number]);
  }
});

/** The processors that the threads of a process may use, by their names, as /proc lists them. */
function processorsOf(pid) {
  const found = {};
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    const name = readFileSync(`${folder}/comm`, 'utf8').trim();
    found[task === String(pid) ? 'main' : name] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`${folder}/status`, 'utf8'))[1];
  }
  return found;
}

test('MEDIASOUP_PIN_WORKERS=on gives each media thread one processor of its own, and no other thread one', async (scene) => {
  const all = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  if (/^\d+$/.test(all)) throw new Skipped('there is one processor alone, which everything is pinned to');
  const free = processorsOf((await scene.ownServer({ MEDIASOUP_PIN_WORKERS: 'off' })).pid);
  assert.deepEqual([free['media-0'], free['media-1']], [all, all]);
  const pinned = processorsOf((await scene.ownServer({ MEDIASOUP_PIN_WORKERS: 'on' })).pid);
  assert.match(pinned['media-0'], /^\d+$/);
  assert.match(pinned['media-1'], /^\d+$/);
  assert.notEqual(pinned['media-0'], pinned['media-1']);
  assert.equal(pinned.main, all);
});

test('LISTEN_IP is the one address of HTTP', async (scene) => {
  const server = await scene.ownServer({ LISTEN_IP: '127.0.0.2' });
  assert.match(server.out, /listens on 127\.0\.0\.2:/);
  assert.equal((await fetch(`http://127.0.0.2:${server.port}/health`)).status, 200);
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/health`), ({ cause }) => cause.code === 'ECONNREFUSED');
});

test('log levels: error says nothing of a join, info tells of rooms, and debug of each connection as well', async (scene) => {
  const told = async (level) => {
    const server = await scene.ownServer({ LOG_LEVEL: level, MEDIASOUP_LOG_LEVEL: 'none' });
    const person = await scene.participant('p', scene.room(), { server });
    await person.ok('leave-room');
    person.socket.disconnect();
    await server.stop();
    return server.err;
  };
  const connections = /\bconnected connection=\d+/;
  assert.equal(await told('error'), '');
  const info = await told('info');
  assert.match(info, /\broom=/);
  assert.doesNotMatch(info, connections);
  const debug = await told('debug');
  assert.match(debug, /\broom=/);
  assert.match(debug, connections);
});

test('secrets and tokens stand nowhere in the log', async (scene) => {
  const settings = { LOG_LEVEL: 'debug', MEDIASOUP_LOG_LEVEL: 'debug', ADMIN_TOKEN: 'admin-7d20c6e1b5f84a39' };
  const server = await scene.ownServer(settings);
  const token = hs256({ userId: 'u', email: 'u@x', exp: inSeconds(60) });
  const person = await scene.stranger({ server, token });
  await person.next('#connect');
  const wrong = hs256({ userId: 'u', email: 'u@x' }, 'another-secret-altogether');
  await (await scene.stranger({ server, token: wrong })).next('#connect_error');
  await fetch(`${server.url}/stats`, { headers: { Authorization: `Bearer ${settings.ADMIN_TOKEN}` } });
  await server.stop();
  for (const secret of [settings.ADMIN_TOKEN, 'contract-4f1c9be2a7d05386', token, wrong])
    assert.ok(!(server.err + server.out).includes(secret));
});

test('--demo listens on loopback only and gives a token of its own secret', async (scene) => {
  const ports = await usualSettings();
  const server = scene.launch({ env: { ...ports, JWT_SECRET: undefined }, args: ['--demo'] });
  await server.listening;
  assert.match(server.out, /listens on 127\.0\.0\.1:/);
  const answer = await fetch(`${server.url}/demo/token`, { method: 'POST', body: JSON.stringify({ name: 'Gast' }) });
  assert.equal(answer.status, 200);
  const { token, userId } = await answer.json();
  const person = await scene.stranger({ server, token });
  await person.next('#connect');
  const { userInfo } = await (await joined(person, scene.room())).ok('get-participant-stats');
  assert.deepEqual([userInfo.userId, userInfo.name], [userId, 'Gast']);
  const known = await scene.stranger({ server, userId: 'known' });
  assert.deepEqual((await known.next('#connect_error')).data, { code: 'token_invalid' });
});

async function joined(person, room) {
  await person.enter(room);
  return person;
}

test("two demo servers do not take each other's tokens", async (scene) => {
  const [one, two] = [
    scene.launch({ env: { ...(await usualSettings()), JWT_SECRET: undefined }, args: ['--demo'] }),
    scene.launch({ env: { ...(await usualSettings()), JWT_SECRET: undefined }, args: ['--demo'] }),
  ];
  await Promise.all([one.listening, two.listening]);
  const { token } = await (await fetch(`${one.url}/demo/token`, { method: 'POST', body: '{"name":"x"}' })).json();
  const person = await scene.stranger({ server: two, token });
  assert.deepEqual((await person.next('#connect_error')).data, { code: 'token_invalid' });
});

test('demo mode refuses an address beyond loopback', async (scene) => {
  await refuses(scene, { env: { LISTEN_IP: '0.0.0.0' }, args: ['--demo'] }, /LISTEN_IP/);
});

test('bad names get no demo token', async (scene) => {
  const server = scene.launch({ env: { ...(await usualSettings()), JWT_SECRET: undefined }, args: ['--demo'] });
  await server.listening;
  for (const body of [
    '',
    'x',
    '[]',
    '{}',
    '{"name":""}',
    '{"name":7}',
    '{"name":"a\\nb"}',
    JSON.stringify({ name: 'x'.repeat(65) }),
  ])
    assert.equal((await fetch(`${server.url}/demo/token`, { method: 'POST', body })).status, 400, body);
});

/** What starts a program where every port is free, or undefined where that is not allowed. */
function inANetworkOfItsOwn() {
  const withLoopback = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const ways = [['unshare', '--net'], ['unshare', '--map-root-user', '--net']];
  const way = ways.find(([program, ...args]) => spawnSync(program, [...args, ...withLoopback, 'true']).status === 0);
  return way && [...way, ...withLoopback];
}

test('a start without any setting is demo mode on port 3003 of loopback', async (scene) => {
  const within = inANetworkOfItsOwn();
  if (!within) throw new Skipped('this machine gives nobody a network of their own, where port 3003 is free');
  const server = await scene.launch({ env: { PATH: process.env.PATH }, within }).listening;
  await server.stop();
  assert.match(server.out, /listens on 127\.0\.0\.1:3003\n/);
  assert.match(server.out, /demo mode/i);
});

/** Of /proc/PID/limits: how many files the process may open. */
const openFiles = (server) =>
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/limits`, 'utf8'))[1]);

test('the server raises its limit of open files to what MAX_CONNECTIONS needs', async (scene) => {
  const settings = { MAX_CONNECTIONS: '1000' };
  const server = await scene.ownServer(settings, { within: ['sh', '-c', 'ulimit -Sn 256; exec "$@"', 'sh'] });
  // Over polling each has two, and there are those that are not let in yet.
  assert.ok(openFiles(server) > 2 * 1000, openFiles(server));
  assert.doesNotMatch(server.err, /fewer files may be open/);
});

test('a limit of open files that MAX_CONNECTIONS is too many for is used up and stands in the log', async (scene) => {
  const settings = { MAX_CONNECTIONS: '1000' };
  const within = ['sh', '-c', 'ulimit -Sn 256; ulimit -Hn 300; exec "$@"', 'sh'];
  const server = await scene.ownServer(settings, { within });
  assert.equal(openFiles(server), 300);
  assert.match(server.err, /fewer files may be open than MAX_CONNECTIONS needs.* open_files=300 max_connections=1000/);
});

test('the server listens within 2 s of its start', async (scene) => {
  const server = await scene.ownServer();
  assert.ok(server.startMs < 2000, `${server.startMs} ms`);
});

for (const signal of ['SIGTERM', 'SIGINT'])
  test(`${signal} ends the server with status 0 within 2 s, also with people in calls, where no drain is wanted`, async (scene) => {
    // SIGINT never drains.
    const server = await scene.ownServer({ DRAIN_SECONDS: signal === 'SIGINT' ? undefined : '0' });
    const people = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        scene.participant(`p${i}`, 'a room', { server, transports: [i % 4 ? 'websocket' : 'polling'] }),
      ),
    );
    const { status, tookMs } = await server.stop(signal);
    assert.equal(status, 0, server.err);
    assert.ok(tookMs < 2000, `${tookMs} ms`);
    await Promise.all(people.map((person) => person.next('#disconnect')));
  });

test('a server that stopped can be started again at once on the same ports', async (scene) => {
  const settings = await usualSettings();
  const first = scene.launch({ env: settings });
  await first.listening;
  const { port } = first;
  await scene.participant('p', 'room', { server: first });
  await first.stop();
  const second = scene.launch({ env: { ...settings, PORT: String(port) } });
  await second.listening;
  await scene.participant('p', 'room', { server: second });
});
