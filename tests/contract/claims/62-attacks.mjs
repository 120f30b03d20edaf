// Hostile clients at the doors of HTTP, WebSocket, Engine.IO, Socket.IO and JWT. While each attack runs, a meeting goes on.
import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { Attacker } from '../lib/attacker.mjs';
import { test } from '../lib/runner.mjs';
import { hs256, inSeconds, keyPair, SECRET, tokenOf, unsigned } from '../lib/token.mjs';

const PATH = '/socket.io/?EIO=4&transport=polling';
const LONGEST_ANSWER_MS = 2000;

/** An attack while two people in a room ask for things and get them. */
function attack(name, body, settings) {
  test(`${name}, and a meeting goes on`, async (scene) => {
    const server = await (settings ? scene.ownServer(settings) : scene.server());
    const room = scene.room();
    const alice = await scene.participant('alice', room, { server });
    const bob = await scene.participant('bob', room, { server });
    let isOver = false;
    const meeting = (async () => {
      let slowest = 0;
      do {
        const asked = performance.now();
        await Promise.all([alice.ok('resume-all-consumers'), bob.ok('resume-all-consumers')]);
        slowest = Math.max(slowest, performance.now() - asked);
        await new Promise((done) => setTimeout(done, 20)); // Fewer events than are allowed.
        if (isOver) break;
        await fetch(`${server.url}/health`);
      } while (true);
      return slowest;
    })();
    meeting.catch(() => undefined);
    try {
      await body(scene, server);
    } finally {
      isOver = true;
    }
    const slowest = await meeting;
    assert.ok(slowest < LONGEST_ANSWER_MS, `an answer took ${slowest} ms`);
    assert.deepEqual([alice.count('#disconnect'), bob.count('participant-left')], [0, 0]);
    assert.ok(server.running);
  });
}

async function openPolling(server, token) {
  const { sid } = JSON.parse((await (await fetch(server.url + PATH)).text()).slice(1));
  const url = `${server.url}${PATH}&sid=${sid}`;
  if (token) {
    assert.equal(await (await fetch(url, { method: 'POST', body: `40{"token":"${token}"}` })).text(), 'ok');
    assert.match(await (await fetch(url)).text(), /^40\{/);
  }
  return { sid, url };
}

async function rawPerson(server, userId = 'raw') {
  const raw = await Attacker.to(server);
  await raw.upgrade();
  raw.sendFrame(`40{"token":"${tokenOf(userId)}"}`);
  await raw.until(/40\{/);
  return raw;
}

/** The server closes the WebSocket. */
async function isCutOff(server, ...frames) {
  const raw = await rawPerson(server);
  for (const [payload, opcode, isLast] of frames) raw.sendFrame(payload, opcode, isLast);
  await raw.isClosed();
}

attack('two hundred headers that never end hold up nobody', async (_, server) => {
  const clients = await Promise.all(Array.from({ length: 200 }, () => Attacker.to(server)));
  for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: x\r\n');
  for (let i = 0; i < 20; ++i) {
    for (const client of clients) client.send(`X-${i}: y\r\n`);
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
  }
  for (const client of clients) client.close();
});

attack('bodies that never end hold up nobody, and a second POST meanwhile ends the session', async (_, server) => {
  const { url } = await openPolling(server, tokenOf('slow'));
  const slow = await Attacker.to(server);
  slow.send(`POST ${new URL(url).pathname}${new URL(url).search} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n4`);
  let status = 200;
  while (status === 200) status = (await fetch(url, { method: 'POST', body: '3' })).status;
  assert.equal(status, 400);
  slow.close();
});

attack('a polling client that never reads its answer holds up nobody', async (_, server) => {
  const { url } = await openPolling(server, tokenOf('slow'));
  const target = new URL(url);
  const slow = await Attacker.to(server);
  slow.pause();
  const long = `42${JSON.stringify(['x'.repeat(100_000)])}`; // Its error names the event.
  for (let i = 0; i < 30; ++i) await fetch(url, { method: 'POST', body: long });
  slow.send(`GET ${target.pathname}${target.search} HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.equal((await fetch(`${server.url}/health`)).status, 200);
  slow.close();
});

attack('a message in fragments of one byte is one message', async (_, server) => {
  const raw = await rawPerson(server);
  const message = `421${JSON.stringify(['leave-room', 'x'.repeat(5000)])}`;
  [...message].forEach((byte, i) => raw.sendFrame(byte, i ? 0 : 1, i === message.length - 1));
  assert.match((await raw.until(/431\[.*\]/))[0], /not_in_room/);
  raw.close();
});

attack('a hundred thousand empty fragments hold up nobody', async (_, server) => {
  const raw = await rawPerson(server);
  raw.sendFrame('', 1, false);
  for (let i = 0; i < 100_000; ++i) raw.send('\x00\x80\0\0\0\0');
  raw.sendFrame('42["leave-room"]', 0, true);
  await raw.until(/not_in_room/);
  raw.close();
});

attack('fragments that are too large together, a frame that claims 2^63 bytes and a body that is too large are refused', async (_, server) => {
  await isCutOff(server, ['4', 1, false], ...Array(11).fill(['x'.repeat(100_000), 0, false]));
  const raw = await rawPerson(server);
  raw.send('\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0');
  await raw.isClosed();
  const { url } = await openPolling(server);
  assert.equal((await fetch(url, { method: 'POST', body: 'x'.repeat(1_000_001) })).status, 413);
});

attack('packets with zero, huge and wrong numbers of attachments end their own connection only', async (_, server) => {
  for (const packet of [
    '45-["leave-room"]',
    '45["leave-room"]',
    '4511-["leave-room"]',
    '45999999999999999999-["leave-room"]',
    '45-1-["leave-room"]',
    '451-["leave-room",{"_placeholder":true,"num":1}]',
    '451-["leave-room",{"_placeholder":true,"num":-1}]',
    '451-["leave-room",{"_placeholder":true,"num":0.5}]',
    '451-["leave-room",{"_placeholder":true,"num":"0"}]',
    '451-["leave-room",{"_placeholder":true}]',
    '451-["leave-room",{"_placeholder":true,"num":{"_placeholder":true,"num":0}}]',
    '451-["leave-room",[[[{"_placeholder":true,"num":4294967296}]]]]',
  ])
    await isCutOff(server, [packet]);
  await isCutOff(server, ['452-["leave-room",{"_placeholder":true,"num":0}]'], ['x', 2], ['42["leave-room"]']);
  await isCutOff(server, ['x', 2]);
});

attack('attachments that fit are read and refused as invalid_request, and the connection lives', async (_, server) => {
  const raw = await rawPerson(server);
  raw.sendFrame('450-7["join-room",{"roomId":"zero attachments"}]');
  await raw.until(/437\[.*"ok":true/);
  raw.sendFrame('451-8["join-room",{"roomId":{"_placeholder":true,"num":0}}]');
  raw.sendFrame('x', 2);
  assert.match((await raw.until(/438\[.*?\]/))[0], /invalid_request/);
  // One attachment named twice is copied nowhere.
  raw.sendFrame(`451-9["join-room",[${Array(1000).fill('{"_placeholder":true,"num":0}')}]]`);
  raw.sendFrame('x'.repeat(10_000), 2);
  assert.match((await raw.until(/439\[.*?\]/))[0], /invalid_request/);
  raw.close();
});

attack('ack ids as large as JavaScript counts are answered with the same number, larger ones end the connection', async (_, server) => {
  const raw = await rawPerson(server);
  for (const id of ['0', '9007199254740991']) {
    raw.sendFrame(`42${id}["leave-room"]`);
    await raw.until(new RegExp(`43${id}\\[`));
  }
  raw.sendFrame('4299999999999999999999999999["leave-room"]');
  await raw.isClosed();
});

attack('invalid UTF-8, null bytes and garbage end their own connection only', async (_, server) => {
  for (const bytes of [
    Buffer.from('34325b22c328225d', 'hex'), // 42["\xc3("]
    Buffer.from('34325b22eda080225d', 'hex'), // A surrogate.
    Buffer.from('34325b22f8888080225d', 'hex'),
    Buffer.from('42["leave-room"\0]'),
    Buffer.from('42["a\0b"]'),
    Buffer.from('\0'),
    Buffer.from(''),
    Buffer.from('42[1e'),
    Buffer.from('9'),
    Buffer.from('2'), // A ping: those go the other way.
  ])
    await isCutOff(server, [bytes]);
});

attack('invalid UTF-8 is counted as a bad packet, also of a client that does not hang up afterwards', async (_, server) => {
  const counted = async () =>
    Number(/turned_away_total\{kind="bad_packet"\} (\d+)/.exec(await (await fetch(`${server.url}/metrics`)).text())[1]);
  const before = await counted();
  const raw = await rawPerson(server);
  raw.sendFrame(Buffer.from('34325b22c328225d', 'hex'));
  while ((await counted()) === before) assert.equal((await fetch(`${server.url}/health`)).status, 200);
  raw.close();
});

attack('CONNECT twice ends the connection, and other namespaces are refused', async (_, server) => {
  await isCutOff(server, [`40{"token":"${tokenOf('raw')}"}`]);
  const raw = await rawPerson(server);
  for (const name of ['/admin', '/__proto__', `/${'x'.repeat(100)}`]) {
    raw.sendFrame(`40${name},{"token":"${tokenOf('raw')}"}`);
    await raw.until(new RegExp(`44${name},\\{"message":"Invalid namespace"`));
  }
  raw.sendFrame('42/admin,["leave-room"]');
  await raw.isClosed();
  await isCutOff(server, [`40/${'x'.repeat(200)},`]);
});

attack('frames that break the WebSocket protocol close with 1002', async (_, server) => {
  for (const bytes of ['\x83\x80\0\0\0\0', '\xc1\x80\0\0\0\0', '\x81\x01x', '\x80\x80\0\0\0\0', '\x09\x80\0\0\0\0']) {
    const raw = await rawPerson(server);
    raw.send(bytes);
    await raw.isClosed(1002);
  }
});

attack('a thousand guessed sessions are unknown, and a session that has ended stays unknown', async (_, server) => {
  for (let i = 0; i < 20; ++i) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fetch(`${server.url}${PATH}&sid=${Math.random().toString(36).slice(2)}`)),
    );
    for (const answer of answers) {
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), /Session ID unknown/);
    }
  }
  const { url } = await openPolling(server, tokenOf('gone'));
  assert.equal(await (await fetch(url, { method: 'POST', body: '1' })).text(), 'ok');
  for (const method of ['GET', 'POST'])
    assert.equal((await fetch(url, { method, ...(method === 'POST' && { body: '42["x"]' }) })).status, 400);
});

attack('two polls at once end their session', async (_, server) => {
  const { url } = await openPolling(server, tokenOf('twice'));
  const statuses = await Promise.all([fetch(url), fetch(url)].map(async (answer) => (await answer).status));
  assert.deepEqual(statuses.sort(), [200, 400]);
  assert.equal((await fetch(url)).status, 400);
});

attack('a session that is upgraded twice at once is upgraded once, and a POST in between is not lost', async (_, server) => {
  const { sid, url } = await openPolling(server, tokenOf('racer'));
  const [one, two] = await Promise.all([Attacker.to(server), Attacker.to(server)]);
  const target = `/socket.io/?EIO=4&transport=websocket&sid=${sid}`;
  await one.upgrade(target);
  await two.upgrade(target);
  await two.end();
  one.sendFrame('2probe');
  await one.until(/3probe/);
  assert.equal(await (await fetch(url, { method: 'POST', body: '421["leave-room"]' })).text(), 'ok');
  one.sendFrame('2probe');
  one.sendFrame('5');
  await one.until(/431\[.*not_in_room/);
  assert.equal((await fetch(url)).status, 400);
  one.sendFrame('422["leave-room"]');
  await one.until(/432\[/);
  one.close();
});

attack('a WebSocket opened by a page of another site is refused with 403, also with a session that there is', async (_, server) => {
  const { sid, url } = await openPolling(server, tokenOf('victim'));
  for (const origin of ['https://evil.example', 'null', 'http://localhost:5173.evil.example', 'file://'])
    for (const target of ['', `&sid=${sid}`]) {
      const raw = await Attacker.to(server);
      const path = `/socket.io/?EIO=4&transport=websocket${target}`;
      assert.equal((await raw.upgrade(path, `Origin: ${origin}\r\n`))[1], '403');
      raw.close();
    }
  assert.equal(await (await fetch(url, { method: 'POST', body: '42["leave-room"]' })).text(), 'ok');
});

attack('prototype keys are names without meaning, as events, rooms, users and fields', async (scene, server) => {
  const KEYS = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  for (const key of KEYS) {
    const person = await scene.person(key, { server });
    await person.refused(key, JSON.parse(`{"${key}":{"ok":true}}`), 'unknown_event');
    const odd = JSON.parse(`{"${key}":{"roomId":"elsewhere"}}`);
    await person.refused('join-room', odd, 'invalid_request');
    await person.enter(key);
    await person.refused('pause-producer', { kind: key }, 'invalid_request');
    await person.refused('resume-consumer', { consumerId: key }, 'not_found');
    await person.refused('create-webrtc-transport', { roomId: key, direction: key }, 'invalid_request');
    const other = await scene.participant(`other ${key}`, key, { server });
    const { participants } = await other.next('existing-participants');
    assert.deepEqual(
      participants.map(({ participantId }) => participantId),
      [key],
    );
    person.socket.disconnect();
    assert.equal((await other.next('participant-left')).participantId, key);
  }
});

attack('a valid user who floods events is rate_limited and stays', async (_, server) => {
  const raw = await rawPerson(server, 'flood');
  for (let i = 0; i < 20_000; ++i) raw.sendFrame(i % 2 ? '42["leave-room"]' : '42["no such event",{}]');
  raw.sendFrame('4277["leave-room"]');
  await raw.until(/4377\[/);
  assert.match(raw.text, /not_in_room/);
  assert.match(raw.text, /unknown_event/);
  assert.match(raw.text, /rate_limited/);
  const lines = server.err.split('\n').filter((line) => /request refused.*user=flood/.test(line));
  assert.ok(lines.length >= 1 && lines.length <= 12, `${lines.length} lines`);
  raw.close();
});

attack('a flood of JSON nested as deep as a message allows is too_deep', async (scene, server) => {
  const person = await scene.person('deep', { server });
  const { ws } = person.socket.io.engine.transport;
  for (let i = 0; i < 20; ++i) ws.send(`42["join-room",${'['.repeat(400_000)}${']'.repeat(400_000)}]`);
  await person.hears('error', 20);
  assert.ok(person.heard.every(({ event, args }) => event !== 'error' || args[0].code === 'too_deep'));
});

attack('a polling payload of more packets than any client sends ends its session', async (_, server) => {
  const { url } = await openPolling(server, tokenOf('many'));
  assert.equal((await fetch(url, { method: 'POST', body: Array(20_000).fill('3').join('\x1e') })).status, 400);
  assert.equal((await fetch(url)).status, 400);
});

const user = { userId: 'u', email: 'u@example.test' };
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

attack('forged, confused, garbled and huge tokens are refused with the code for each', async (scene, server) => {
  const good = tokenOf('u');
  const [header, claims, signature] = good.split('.');
  const cases = {
    none: [unsigned(user), 'token_invalid'],
    'none with a signature': [`${part({ alg: 'none' })}.${claims}.${signature}`, 'token_invalid'],
    nOnE: [unsigned(user, 'nOnE'), 'token_invalid'],
    'ES256 where a secret is set': [keyPair('ES256').token(user), 'token_invalid'],
    'HS512 named, HS256 made': [hs256(user, SECRET, { alg: 'HS512' }), 'token_invalid'],
    'its own key inside': [
      hs256(user, 'k', { alg: 'HS256', jwk: { kty: 'oct', k: Buffer.from('k').toString('base64url') } }),
      'token_invalid',
    ],
    'a kid that is a path': [hs256(user, '', { alg: 'HS256', kid: '../../../dev/null' }), 'token_invalid'],
    expired: [hs256({ ...user, exp: inSeconds(-1) }), 'token_expired'],
    'expired and forged': [hs256({ ...user, exp: inSeconds(-1) }, 'another-secret-altogether'), 'token_invalid'],
    'not yet valid': [hs256({ ...user, nbf: inSeconds(60) }), 'token_invalid'],
    'an exp beyond numbers': [hs256({ ...user, exp: 1e300 }), 'token_invalid'],
    'a negative exp': [hs256({ ...user, exp: -1 }), 'token_invalid'],
    'an exp that is a list': [hs256({ ...user, exp: [inSeconds(60)] }), 'token_invalid'],
    'an nbf that is a text': [hs256({ ...user, nbf: '0' }), 'token_invalid'],
    garbage: ['\0\x01\x7f.\xff.…', 'token_invalid'],
    'dots alone': ['..', 'token_invalid'],
    'a hundred parts': [Array(100).fill('e30').join('.'), 'token_invalid'],
    'padding in its base64': [`${header}=.${claims}.${signature}`, 'token_invalid'],
    'another alphabet': [good.replace(/\.[^.]*$/, `.${Buffer.from(signature, 'base64url').toString('base64')}`), 'token_invalid'],
    'a MAC cut to a byte': [`${header}.${claims}.${signature.slice(0, 2)}`, 'token_invalid'],
    'a MAC with a byte more': [
      `${header}.${claims}.${Buffer.concat([createHmac('sha256', SECRET).update(`${header}.${claims}`).digest(), Buffer.from([0])]).toString('base64url')}`,
      'token_invalid',
    ],
    huge: [hs256({ ...user, x: 'x'.repeat(700_000) }), 'token_invalid'],
    'nested deep': [hs256({ ...user, x: JSON.parse('['.repeat(1000) + ']'.repeat(1000)) }), 'token_invalid'],
    'a userId that is an object': [hs256({ ...user, userId: { toString: 'u' } }), 'token_invalid'],
    'a userId of control characters': [hs256({ ...user, userId: 'a\0b' }), 'token_invalid'],
  };
  for (const [title, [token, code]] of Object.entries(cases)) {
    const person = await scene.stranger({ server, token });
    const error = await person.next('#connect_error');
    assert.deepEqual([error.message, error.data], ['Authentication failed', { code }], title);
    person.socket.disconnect();
  }
});

attack('ids of other rooms and people do nothing', async (scene, server) => {
  const room = scene.room();
  const victim = await scene.participant('victim', room, { server });
  const viewer = await scene.participant('viewer', room, { server });
  const { chromiumVideo } = await import('../lib/media.mjs');
  const producerId = await victim.produce('video', chromiumVideo());
  const { consumerId } = await viewer.next('new-consumer');
  const attacker = await scene.participant('attacker', scene.room(), { server });
  const neighbour = await scene.participant('neighbour', room, { server });
  await viewer.settle(victim);
  const before = [victim.heard.length, viewer.heard.length];
  for (const hostile of [attacker, neighbour])
    for (const event of ['resume-consumer', 'pause-consumer', 'set-preferred-layers'])
      await hostile.refused(event, { consumerId, producerId, spatialLayer: 0, participantId: 'viewer' }, 'not_found');
  await attacker.refused('create-webrtc-transport', { roomId: room, direction: 'send' }, 'not_in_room');
  await attacker.ok('close-producer', { kind: 'video', producerId, participantId: 'victim', roomId: room });
  await viewer.settle(victim);
  const quiet = ({ event }) => !/participant-stats/.test(event);
  assert.deepEqual(victim.heard.slice(before[0]).filter(quiet), []);
  assert.deepEqual(viewer.heard.slice(before[1]).filter(quiet), []);
  assert.equal((await viewer.ok('get-participant-stats')).consumers.totalConsumers, 1);
});
