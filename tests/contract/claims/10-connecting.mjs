// Section 1: transports, handshake and tokens.
import { strict as assert } from 'node:assert';
import { test } from '../lib/runner.mjs';
import { hs256, inSeconds, keyPair, SECRET, tokenOf, unsigned } from '../lib/token.mjs';

const user = { userId: 'u', email: 'u@example.test' };

async function refusedWith(scene, options, code) {
  const person = await scene.stranger(options);
  const error = await person.next('#connect_error');
  assert.equal(error.message, 'Authentication failed');
  assert.deepEqual(error.data, { code });
}

for (const [title, transports] of [
  ['WebSocket alone', ['websocket']],
  ['polling alone', ['polling']],
  ['polling with upgrade to WebSocket', ['polling', 'websocket']],
]) {
  test(`a client connects and joins over ${title}`, async (scene) => {
    const person = await scene.person(undefined, { transports });
    await person.enter(scene.room());
    if (transports.length === 2) {
      const { engine } = person.socket.io;
      if (engine.transport.name !== 'websocket') await new Promise((done) => engine.once('upgrade', done));
    }
    assert.equal(person.socket.io.engine.transport.name, transports.at(-1));
    await person.ok('leave-room');
  });
}

test('the handshake says Engine.IO 4 and a payload limit of 1e6', async (scene) => {
  const server = await scene.server();
  const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  assert.equal(answer.status, 200);
  const text = await answer.text();
  assert.equal(text[0], '0');
  const open = JSON.parse(text.slice(1));
  assert.deepEqual(Object.keys(open).sort(), ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades']);
  assert.equal(open.maxPayload, 1e6);
  assert.deepEqual(open.upgrades, ['websocket']);
});

test('a roomId in the query changes nothing', async (scene) => {
  const person = await scene.person(undefined, { query: { roomId: 'room of the query' } });
  await person.join(scene.room());
});

test('a namespace other than / is refused', async (scene) => {
  const server = await scene.server();
  const person = await scene.stranger({ url: `${server.url}/admin` });
  assert.equal((await person.next('#connect_error')).message, 'Invalid namespace');
});

const tokens = {
  token_missing: {
    'no auth at all': { auth: {} },
    'a token that is null': { auth: { token: null } },
    'an empty token': { auth: { token: '' } },
  },
  token_invalid: {
    'a token that is a number': { auth: { token: 7 } },
    'a token that is an object': { auth: { token: { userId: 'u' } } },
    'no JWT': { token: 'abc' },
    'three parts that are no JSON': { token: 'a.b.c' },
    'a header that is no object': { token: hs256(user, SECRET, 'HS256') },
    'alg none': { token: unsigned(user) },
    'alg NONE': { token: unsigned(user, 'NONE') },
    'alg none with a good signature': { token: hs256(user, SECRET, { alg: 'none' }) },
    'alg HS384 in the header': { token: hs256(user, SECRET, { alg: 'HS384' }) },
    'no alg': { token: hs256(user, SECRET, { typ: 'JWT' }) },
    'alg RS256 without a public key set': { token: keyPair('RS256').token(user) },
    'alg ES256 without a public key set': { token: keyPair('ES256').token(user) },
    'another secret': { token: hs256(user, 'another-secret-altogether') },
    'an empty secret': { token: hs256(user, '') },
    'no signature': { token: hs256(user).replace(/[^.]+$/, '') },
    'a signature cut short': { token: hs256(user).slice(0, -2) },
    'a changed claim': {
      token: hs256(user).replace(
        /\.[^.]+\./,
        `.${Buffer.from(JSON.stringify({ userId: 'root', email: 'r@x' })).toString('base64url')}.`,
      ),
    },
    'no userId': { token: hs256({ email: 'u@example.test' }) },
    'a userId that is a number': { token: hs256({ ...user, userId: 7 }) },
    'a userId that is null': { token: hs256({ ...user, userId: null }) },
    'a userId that is a list': { token: hs256({ ...user, userId: ['u'] }) },
    'an empty userId': { token: hs256({ ...user, userId: '' }) },
    'an email that is a number': { token: hs256({ ...user, email: 7 }) },
    'claims that are a list': { token: hs256([user]) },
    'an exp that is a string': { token: hs256({ ...user, exp: 'tomorrow' }) },
    'a userId with a line end': { token: hs256({ ...user, userId: 'a\nb' }) },
    'a userId of 10 KB': { token: hs256({ ...user, userId: 'u'.repeat(10_000) }) },
    'a token of 500 KB': { token: hs256({ ...user, more: 'x'.repeat(500_000) }) },
    'alg hs256 in small letters': { token: hs256(user, SECRET, { alg: 'hs256' }) },
    'a header that names critical extensions': {
      token: hs256(user, SECRET, { alg: 'HS256', crit: ['novelty'], novelty: 1 }),
    },
    'four parts': { token: `${hs256(user)}.x` },
    'blanks around it': { token: ` ${hs256(user)} ` },
    'an exp that is null': { token: hs256({ ...user, exp: null }) },
    'an nbf in the future': { token: hs256({ ...user, nbf: inSeconds(600) }) },
  },
  token_expired: {
    'an exp in the past': { token: hs256({ ...user, exp: inSeconds(-600) }) },
    'an exp of 1970': { token: hs256({ ...user, exp: 1 }) },
  },
};

for (const [code, table] of Object.entries(tokens))
  for (const [title, options] of Object.entries(table))
    test(`connecting with ${title} is refused with ${code}`, (scene) => refusedWith(scene, options, code));

test('a refusal over polling says the same as over WebSocket', (scene) =>
  refusedWith(scene, { token: 'abc', transports: ['polling'] }, 'token_invalid'));

for (const [title, claims] of Object.entries({
  'neither exp nor nbf': { exp: undefined },
  'an nbf in the past': { nbf: inSeconds(-600) },
  'an exp with a fraction': { exp: inSeconds(600) + 0.5 },
  'claims that nobody asked for': { iat: inSeconds(0), role: 'x', nested: { a: [1] } },
  'a userId of other scripts': { userId: 'ユーザー-😀' },
  'a userId called __proto__': { userId: '__proto__' },
}))
  test(`a token with ${title} is good`, async (scene) => {
    const person = await scene.person('good', { claims });
    await person.join(scene.room());
  });

test('a token of a wrong key does not hinder the next one', async (scene) => {
  await refusedWith(scene, { token: hs256(user, 'another-secret-altogether') }, 'token_invalid');
  await scene.person('u');
});

for (const alg of ['RS256', 'ES256']) {
  test(`with JWT_PUBLIC_KEY, ${alg} of its key is good and everything else is refused`, async (scene) => {
    const key = keyPair(alg);
    const server = await scene.ownServer({ JWT_SECRET: undefined, JWT_PUBLIC_KEY: key.publicPem });
    const good = await scene.stranger({ server, token: key.token(user) });
    await good.next('#connect');
    const other = alg === 'RS256' ? 'ES256' : 'RS256';
    for (const token of [
      keyPair(alg).token(user),
      keyPair(other).token(user),
      tokenOf('u'),
      hs256(user, key.publicPem), // The key itself used as the secret of HS256.
      hs256(user, key.publicPem, { alg }),
      unsigned(user),
    ])
      await refusedWith(scene, { server, token }, 'token_invalid');
    await refusedWith(scene, { server, token: key.token({ ...user, exp: 1 }) }, 'token_expired');
  });
}

test('a public key on one line, with backslash n for its line ends, is understood', async (scene) => {
  const key = keyPair('ES256');
  const server = await scene.ownServer({ JWT_PUBLIC_KEY: key.publicPem.replaceAll('\n', '\\n') });
  await (await scene.stranger({ server, token: key.token(user) })).next('#connect');
  await (await scene.stranger({ server, token: tokenOf('u') })).next('#connect');
});
