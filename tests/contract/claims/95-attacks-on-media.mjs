// What strangers send to the media port over real sockets: nothing comes back, and the server says what it refused.
import { strict as assert } from 'node:assert';
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { test } from '../lib/runner.mjs';

const MAGIC = 0x2112a442;
const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
const PRIORITY = 0x0024;

const attribute = (type, value) => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
};

/** A check of this agent; without a password it has no integrity. */
function check(ufrag, password) {
  const parts = [attribute(USERNAME, Buffer.from(`${ufrag}:stranger`)), attribute(PRIORITY, Buffer.from([1, 2, 3, 4]))];
  const head = Buffer.alloc(20);
  head.writeUInt16BE(0x0001, 0);
  head.writeUInt32BE(MAGIC, 4);
  randomBytes(12).copy(head, 8);
  const length = (more) => parts.reduce((sum, part) => sum + part.length, more);
  if (password !== undefined) {
    head.writeUInt16BE(length(24), 2);
    const mac = createHmac('sha1', password).update(Buffer.concat([head, ...parts])).digest();
    parts.push(attribute(INTEGRITY, mac));
  }
  head.writeUInt16BE(length(0), 2);
  return Buffer.concat([head, ...parts]);
}

async function refused(server) {
  const { workerStats } = await (await fetch(`${server.url}/stats`)).json();
  const sum = {};
  for (const worker of workerStats)
    for (const [reason, count] of Object.entries(worker.refused)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

test('strangers at the media port get no answer, and /stats and one line of the log say what was refused', async (scene) => {
  const server = await scene.ownServer({ MEDIASOUP_LOG_LEVEL: 'warn' });
  const person = await scene.person('ann', { server });
  await person.join(scene.room());
  const { iceParameters, iceCandidates } = await person.transport('send');
  const { port } = iceCandidates.find((candidate) => candidate.protocol === 'udp');
  const socket = createSocket('udp4');
  let answers = 0;
  socket.on('message', () => {
    answers += 1;
  });
  const send = (datagram) => new Promise((done) => socket.send(datagram, port, '127.0.0.1', done));
  const noise = [0x00, 0x16, 0x3f, 0x80, 0xff].map((first) => Buffer.concat([Buffer.from([first]), randomBytes(200)]));
  const kinds = [
    ...noise,
    check('nobody1', 'guess'),
    check(iceParameters.usernameFragment, 'guess'),
    check(iceParameters.usernameFragment),
    check(iceParameters.usernameFragment, iceParameters.password).subarray(0, 40),
  ];
  try {
    for (let i = 0; i < 120; i += 1) for (const datagram of kinds) await send(datagram);
    const enough = (seen) => seen.strangers >= 600 && seen.stun >= 240;
    let seen = {};
    for (let i = 0; i < 100 && !enough(seen); i += 1) seen = await refused(server);
    assert.ok(enough(seen), JSON.stringify(seen));
    assert.equal(answers, 0);
    const lines = (text) => `${server.out}${server.err}`.split('\n').filter((line) => line.includes(text)).length;
    assert.equal(lines('datagrams of no transport'), 1);
    assert.equal(lines('sends what is refused'), 1);
    assert.equal((await person.ok('get-participant-stats')).transports.send, true);
  } finally {
    socket.close();
  }
});
