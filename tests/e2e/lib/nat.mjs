// A NAT between one browser and the server's media port, which can forget what it gave the browser.
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
 * @returns what browsers send to (`port`), and `rebind(address)`: from now on the server sees another
 *   port, and another address where one is given; what it still sends to the former is lost. While
 *   `isCut`, nothing gets through.
 */
export async function startNat(stage, { to }) {
  const front = await bound('127.0.0.1');
  let client;
  let onward;
  const nat = { port: front.address().port, isCut: false, rebind };

  async function rebind(address = '127.0.0.1') {
    const next = await bound(address);
    next.on('message', (datagram) => {
      if (next !== onward || client === undefined || nat.isCut) return;
      front.send(datagram, client.port, client.address);
    });
    const former = onward;
    onward = next;
    former?.close();
  }

  await rebind();
  front.on('message', (datagram, from) => {
    client = from;
    if (nat.isCut) return;
    onward.send(datagram, to, '127.0.0.1');
  });
  stage.defer(() => {
    front.close();
    onward.close();
  });
  return nat;
}
