// A NAT between browsers and the server's media port, which can forget what it gave them.
import { createSocket } from 'node:dgram';

function bound(address) {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, () => resolve(socket));
  });
}

/**
 * @param {{ to: number }} options the server's media port on 127.0.0.1
 * @returns what browsers send to (`port`), and `rebind(address)`: from now on the server sees other
 *   ports, and another address where one is given; what it still sends to the former is lost. While
 *   `isCut`, nothing gets through.
 */
export async function startNat(stage, { to }) {
  const front = await bound('127.0.0.1');
  const inside = new Map();
  const nat = { port: front.address().port, isCut: false, rebind };

  async function open(entry, address) {
    const socket = await bound(address);
    socket.on('message', (datagram) => {
      if (entry.socket !== socket || nat.isCut) return;
      front.send(datagram, entry.client.port, entry.client.address);
    });
    const former = entry.socket;
    entry.socket = socket;
    former?.close();
  }

  async function rebind(address = '127.0.0.1') {
    for (const entry of inside.values()) await open(entry, address);
  }

  front.on('message', async (datagram, client) => {
    const key = `${client.address}:${client.port}`;
    if (!inside.has(key)) {
      const entry = { client };
      entry.opened = open(entry, '127.0.0.1');
      inside.set(key, entry);
    }
    const entry = inside.get(key);
    await entry.opened;
    if (!nat.isCut) entry.socket.send(datagram, to, '127.0.0.1');
  });
  stage.defer(async () => {
    front.close();
    for (const entry of inside.values()) {
      await entry.opened;
      entry.socket.close();
    }
  });
  return nat;
}
