// A path for media between one browser and the server that loses datagrams, one way or the other.
import { createSocket } from 'node:dgram';

/** A small generator of its own, so that a run can be repeated (mulberry32's recurrence). */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function bound(socket, address) {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, () => resolve(socket.address().port));
  });
}

/**
 * @param {{ to: number, loss?: number, lossBack?: number, seed?: number }} options the server's media
 *   port, and which share of what goes there, and of what comes back, is lost
 */
export async function startLossyPath(stage, { to, loss = 0, lossBack = 0, seed = 7 }) {
  const random = seededRandom(seed);
  const front = createSocket('udp4');
  const onward = new Map();
  const path = { port: await bound(front, '127.0.0.1'), lost: 0, carried: 0 };

  function isLost(share) {
    const lost = random() < share;
    if (lost) path.lost += 1;
    else path.carried += 1;
    return lost;
  }

  async function socketFor(client) {
    const socket = createSocket('udp4');
    socket.on('message', (datagram) => {
      if (!isLost(lossBack)) front.send(datagram, client.port, client.address);
    });
    await bound(socket, '127.0.0.1');
    return socket;
  }

  front.on('message', async (datagram, client) => {
    const key = `${client.address}:${client.port}`;
    if (!onward.has(key)) onward.set(key, socketFor(client));
    if (isLost(loss)) return;
    (await onward.get(key)).send(datagram, to, '127.0.0.1');
  });
  stage.defer(async () => {
    front.close();
    for (const socket of onward.values()) (await socket).close();
  });
  return path;
}
