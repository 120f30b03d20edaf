// SIGTERM, SIGINT and what people hear of them.
import { strict as assert } from 'node:assert';
import { usualSettings } from '../lib/server.mjs';
import { test } from '../lib/runner.mjs';

const health = async (server) => {
  const answer = await fetch(`${server.url}/health`);
  return { code: answer.status, ...(await answer.json()) };
};
/** A server with somebody in a meeting who has heard that it drains. */
async function draining(scene, seconds = '20', options = {}) {
  const server = await scene.ownServer({ DRAIN_SECONDS: seconds });
  const person = await scene.participant('stays', 'running', { server, ...options });
  server.signal('SIGTERM');
  const told = await person.next('server-draining');
  return { server, person, told };
}

test('SIGTERM tells everybody how many milliseconds are left, also who is in no room', async (scene) => {
  const server = await scene.ownServer({ DRAIN_SECONDS: '20' });
  const people = [
    await scene.participant('in a room', 'running', { server }),
    await scene.person('in none', { server }),
    await scene.person('polling', { server, transports: ['polling'] }),
  ];
  server.signal('SIGTERM');
  for (const person of people) {
    const told = await person.next('server-draining');
    assert.deepEqual(Object.keys(told), ['deadlineMs']);
    assert.ok(Number.isInteger(told.deadlineMs), told.deadlineMs);
    assert.ok(told.deadlineMs > 15_000 && told.deadlineMs <= 20_000, told.deadlineMs);
  }
});

test('without a setting, meetings have 25 s', async (scene) => {
  const server = await scene.ownServer({ DRAIN_SECONDS: undefined });
  const person = await scene.participant('p', 'running', { server });
  server.signal('SIGTERM');
  const { deadlineMs } = await person.next('server-draining');
  assert.ok(deadlineMs > 20_000 && deadlineMs <= 25_000, deadlineMs);
});

test('who connects to a server that drains is told what is left', async (scene) => {
  const { server, told } = await draining(scene);
  const late = await scene.person('late', { server });
  assert.ok((await late.next('server-draining')).deadlineMs <= told.deadlineMs);
});

test('a server that drains opens no room and says why', async (scene) => {
  const { server, person } = await draining(scene);
  const late = await scene.person('late', { server });
  const refusal = await late.refused('join-room', { roomId: 'another' }, 'shutting_down');
  assert.equal(refusal.message, 'Failed to join room');
  assert.equal((await late.fails('join-room', { roomId: 'another' })).code, 'shutting_down');
  await person.refused('join-room', { roomId: 'another' }, 'shutting_down');
  await person.ok('get-participant-stats'); // It still is where it was.
});

test('a server that drains refuses the handshake of who wants a room that does not run', async (scene) => {
  const { server } = await draining(scene);
  const late = await scene.stranger({ userId: 'late', server, query: { roomId: 'another' } });
  const error = await late.next('#connect_error');
  assert.equal(error.message, 'Authentication failed');
  assert.deepEqual(error.data, { code: 'shutting_down' });
});

test('a meeting that runs on a server that drains can be joined, with all that belongs to it', async (scene) => {
  const { server, person } = await draining(scene);
  const late = await scene.participant('late', 'running', { server, query: { roomId: 'running' } });
  await person.next('participant-joined', ({ participantId }) => participantId === 'late');
  const { participants } = await late.next('existing-participants');
  assert.deepEqual(
    participants.map(({ participantId }) => participantId),
    ['stays'],
  );
});

test('GET /health is 503 with DRAINING from the signal on, in its usual shape', async (scene) => {
  const server = await scene.ownServer({ DRAIN_SECONDS: '20' });
  const person = await scene.participant('p', 'running', { server });
  const before = await health(server);
  server.signal('SIGTERM');
  await person.next('server-draining');
  const after = await health(server);
  assert.deepEqual([before.code, before.status, after.code, after.status], [200, 'OK', 503, 'DRAINING']);
  assert.deepEqual(Object.keys(after), Object.keys(before));
});

test('the server ends with status 0 as soon as the last meeting has ended', async (scene) => {
  const { server, person } = await draining(scene);
  const left = performance.now();
  assert.deepEqual(await person.ok('leave-room'), { roomId: 'running' });
  assert.equal(await server.ended(), 0);
  assert.ok(performance.now() - left < 2_000);
});

test('the server ends with status 0 at the deadline, whoever still meets', async (scene) => {
  const { server, person, told } = await draining(scene, '1');
  const from = performance.now();
  assert.equal(await server.ended(), 0);
  const tookMs = performance.now() - from;
  assert.ok(tookMs > told.deadlineMs - 200 && tookMs < told.deadlineMs + 1_500, `${tookMs} ms`);
  await person.next('#disconnect');
});

test('the log of a drain counts the meetings of both kinds for which it waits, and those that the deadline ends', async (scene) => {
  const server = await scene.ownServer({ DRAIN_SECONDS: '1' });
  for (const userId of ['ann', 'ben']) {
    const peer = await scene.person(userId, { server });
    await peer.ok('ready', { roomId: `of ${userId}`, mediaState: {} });
  }
  assert.equal((await server.stop()).status, 0, server.err);
  assert.match(server.err, /draining: meetings may end, none begins rooms=0 peer_to_peer_rooms=2 seconds=1\n/);
  assert.match(server.err, /meetings end rooms=0 peer_to_peer_rooms=2\n/);
});

for (const second of ['SIGTERM', 'SIGINT'])
  test(`a ${second} while the server drains ends it at once with status 0`, async (scene) => {
    const { server, person } = await draining(scene);
    const { status, tookMs } = await server.stop(second);
    assert.equal(status, 0, server.err);
    assert.ok(tookMs < 1_500, `${tookMs} ms`);
    await person.next('#disconnect');
  });

test('SIGTERM without a meeting ends the server at once, whoever is connected', async (scene) => {
  const server = await scene.ownServer({ DRAIN_SECONDS: '20' });
  const person = await scene.person('in no room', { server });
  const { status, tookMs } = await server.stop();
  assert.equal(status, 0, server.err);
  assert.ok(tookMs < 1_500, `${tookMs} ms`);
  await person.next('server-draining');
});

test('SIGINT waits for no meeting', async (scene) => {
  const server = await scene.ownServer({ DRAIN_SECONDS: '20' });
  const person = await scene.participant('p', 'running', { server });
  const { status, tookMs } = await server.stop('SIGINT');
  assert.equal(status, 0, server.err);
  assert.ok(tookMs < 1_500, `${tookMs} ms`);
  assert.deepEqual(await person.next('server-draining'), { deadlineMs: 0 });
});

test('at its end the server closes each WebSocket with 1001, and clients come back by themselves', async (scene) => {
  const settings = await usualSettings();
  const first = scene.launch({ env: settings });
  await first.listening;
  const { port } = first;
  const options = { server: first, reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 200 };
  const socket = await scene.person('on a websocket', options);
  const poller = await scene.person('polling', { ...options, transports: ['polling'] });
  const closed = new Promise((fulfil) => {
    socket.socket.io.engine.transport.ws.addEventListener('close', ({ code, wasClean }) => fulfil({ code, wasClean }));
  });
  await health(first); // The poll that waits came before.
  assert.equal((await first.stop()).status, 0);
  assert.deepEqual(await closed, { code: 1001, wasClean: true });
  for (const person of [socket, poller]) assert.equal(await person.next('#disconnect'), 'transport close');
  const second = scene.launch({ env: { ...settings, PORT: String(port) } });
  await second.listening;
  for (const person of [socket, poller]) await person.next('#connect');
});

test('a poll that waits is answered when the server ends', async (scene) => {
  const server = await scene.ownServer();
  const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(base)).text();
  const waiting = fetch(`${base}&sid=${JSON.parse(opened.slice(1)).sid}`);
  await fetch(`${server.url}/health`); // The poll came before.
  server.signal('SIGTERM');
  const answer = await waiting;
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '1');
  assert.equal(await server.ended(), 0);
});

test('a client that does not answer keeps the server from ending for a second at most', async (scene) => {
  const server = await scene.ownServer();
  const person = await scene.person('frozen', { server });
  person.socket.io.engine.transport.ws._socket.pause();
  const { status, tookMs } = await server.stop();
  assert.equal(status, 0, server.err);
  assert.ok(tookMs < 2_500, `${tookMs} ms`);
});

test('DRAIN_SECONDS refuses what is no time', async (scene) => {
  for (const value of ['-1', '86401', 'soon', '1.5']) {
    const server = scene.launch({ env: { ...(await usualSettings()), DRAIN_SECONDS: value } });
    assert.equal(await server.ended(), 2);
    assert.match(server.err, new RegExp(`DRAIN_SECONDS is "${value}".*86400`));
  }
});
