import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** A TCP port that was free a moment ago. */
export function freeTcpPort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '0.0.0.0', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function udpPortIsFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('error', () => resolve(false));
    socket.bind(port, '0.0.0.0', () => socket.close(() => resolve(true)));
  });
}

/** The first of `count` UDP ports in a row that were all free a moment ago. */
export async function freeUdpRange(count) {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 9_000);
    const free = await Promise.all(
      Array.from({ length: count }, (_, i) => udpPortIsFree(first + i)),
    );
    if (free.every(Boolean)) return first;
  }
}
