// Section 2 and 3: restart-ice and transport-state-changed; section 2 and 7: iceServers.
import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { test } from '../lib/runner.mjs';
import { usualSettings } from '../lib/server.mjs';
import { Checker, check } from '../lib/stun.mjs';

async function withCheckers(count, use) {
  const checkers = await Promise.all(Array.from({ length: count }, () => Checker.open()));
  try {
    await use(...checkers);
  } finally {
    for (const checker of checkers) checker.close();
  }
}

const udpOf = ({ iceCandidates }) => iceCandidates.find(({ protocol }) => protocol === 'udp');

test('restart-ice replies with new ICE parameters for that direction', async (scene) => {
  const person = await scene.participant('p', scene.room());
  for (const direction of ['send', 'recv']) {
    const reply = await person.reply('restart-ice', { direction }, 'ice-restarted');
    assert.deepEqual(Object.keys(reply).sort(), ['direction', 'iceParameters']);
    assert.equal(reply.direction, direction);
    assert.equal(reply.iceParameters.iceLite, true);
    assert.notEqual(reply.iceParameters.usernameFragment, person[direction].iceParameters.usernameFragment);
    assert.notEqual(reply.iceParameters.password, person[direction].iceParameters.password);
    const acknowledged = await person.ok('restart-ice', { direction });
    assert.deepEqual(Object.keys(acknowledged).sort(), ['direction', 'iceParameters']);
    assert.notEqual(acknowledged.iceParameters.usernameFragment, reply.iceParameters.usernameFragment);
  }
});

test('restart-ice fails where there is no such transport or direction', async (scene) => {
  const person = await scene.person();
  assert.equal((await person.refused('restart-ice', { direction: 'send' }, 'not_in_room')).message, 'Failed to restart ICE');
  await person.enter(scene.room(), { send: false });
  await person.refused('restart-ice', { direction: 'send' }, 'no_transport');
  await person.ok('restart-ice', { direction: 'recv' });
  for (const payload of [undefined, null, {}, 'send', { direction: 'both' }, { direction: 1 }, { direction: ['send'] }])
    await person.refused('restart-ice', payload, 'invalid_request');
  const error = await person.fails('restart-ice', { direction: 'send' });
  assert.equal(error.message, 'Failed to restart ICE');
  assert.equal(error.code, 'no_transport');
});

test('after restart-ice the former credentials hold until a check with the new ones', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const { send } = person;
  await withCheckers(2, async (one, two) => {
    assert.equal(await one.isAnswered(check(send.iceParameters), udpOf(send)), true);
    const { iceParameters } = await person.ok('restart-ice', { direction: 'send' });
    assert.equal(await one.isAnswered(check(send.iceParameters), udpOf(send)), true, 'the former');
    const mixed = { ...iceParameters, password: send.iceParameters.password };
    assert.equal(await two.isAnswered(check(mixed), udpOf(send)), false, 'the new name, the former password');
    assert.equal(await two.isAnswered(check(iceParameters), udpOf(send)), true, 'the new');
    assert.equal(await one.isAnswered(check(send.iceParameters), udpOf(send)), false, 'the former, once the new is used');
  });
});

test('of many restarts that a client did not follow only the last counts', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const fresh = [];
  for (let i = 0; i < 20; i += 1) fresh.push((await person.ok('restart-ice', { direction: 'recv' })).iceParameters);
  await withCheckers(1, async (one) => {
    assert.equal(await one.isAnswered(check(fresh[7]), udpOf(person.recv)), false);
    assert.equal(await one.isAnswered(check(person.recv.iceParameters), udpOf(person.recv)), true);
    assert.equal(await one.isAnswered(check(fresh.at(-1)), udpOf(person.recv)), true);
  });
});

test('a client hears the states of its own transports, in mediasoup’s words', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const other = await scene.participant('q', person.roomId);
  await withCheckers(1, async (one) => {
    assert.equal(await one.isAnswered(check(person.recv.iceParameters), udpOf(person.recv)), true);
  });
  assert.deepEqual(await person.next('transport-state-changed'), {
    direction: 'recv',
    iceState: 'completed',
    dtlsState: 'new',
  });
  await person.settle(other);
  assert.equal(person.count('transport-state-changed'), 1);
  assert.equal(other.count('transport-state-changed'), 0);
});

test('a check that somebody copied brings no media to another address', async (scene) => {
  const person = await scene.participant('p', scene.room());
  const pathOf = async () => {
    const { transports } = await person.ok('get-participant-stats');
    return transports.details.find(({ direction }) => direction === 'send').stats[0].iceSelectedTuple;
  };
  await withCheckers(2, async (one, thief) => {
    const copied = check(person.send.iceParameters);
    assert.equal(await one.isAnswered(copied, udpOf(person.send)), true);
    const before = await pathOf();
    assert.equal(await thief.isAnswered(copied, udpOf(person.send)), false);
    assert.deepEqual(await pathOf(), before);
    assert.equal(await one.isAnswered(copied, udpOf(person.send)), true, 'a retransmission is answered');
  });
});

const TURN_SECRET = '3f1d0c55b8c54a7e9b1d';

test('iceServers is an empty list where nothing is set', async (scene) => {
  const person = await scene.participant('p', scene.room());
  assert.deepEqual([person.send.iceServers, person.recv.iceServers], [[], []]);
});

test('iceServers has credentials that are good for TURN_TTL_SECONDS, by coturn’s scheme', async (scene) => {
  const server = await scene.server({
    ICE_SERVERS: 'stun:stun.example.org,turn:turn.example.org?transport=tcp',
    TURN_SECRET,
    TURN_TTL_SECONDS: '3600',
  });
  const person = await scene.participant('p', scene.room(), { server });
  const now = Date.now() / 1000;
  const [stun, turn] = person.send.iceServers;
  assert.deepEqual(stun, { urls: ['stun:stun.example.org'] });
  assert.deepEqual(turn.urls, ['turn:turn.example.org?transport=tcp']);
  const [expires, user] = turn.username.split(':');
  assert.equal(user, 'p');
  assert.ok(Math.abs(Number(expires) - now - 3600) < 5, turn.username);
  assert.equal(turn.credential, createHmac('sha1', TURN_SECRET).update(turn.username).digest('base64'));
  assert.doesNotMatch(server.out + server.err, new RegExp(TURN_SECRET));
  assert.doesNotMatch(await (await fetch(`${server.url}/stats`)).text(), new RegExp(TURN_SECRET));
});

for (const [title, env, says] of [
  ['that is no URL', { ICE_SERVERS: 'turn.example.org', TURN_SECRET }, /ICE_SERVERS\[0\] must be like stun:/],
  ['that is broken JSON', { ICE_SERVERS: '[{' }, /ICE_SERVERS must be URLs split at commas, or a JSON list/],
  ['without credentials', { ICE_SERVERS: 'turn:turn.example.org' }, /TURN_SECRET/],
])
  test(`an ICE_SERVERS ${title} stops the server at its start`, async (scene) => {
    const server = scene.launch({ env: { ...(await usualSettings()), ...env } });
    assert.equal(await server.ended(), 2);
    assert.match(server.err, says);
    assert.doesNotMatch(server.err, new RegExp(TURN_SECRET));
  });
