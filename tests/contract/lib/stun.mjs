// A client's connectivity checks (RFC 8445 §7.1), one socket for each client.
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';

const MAGIC = 0x2112a442;
const ANSWER_LIMIT_MS = 500;

function attribute(type, value) {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16BE(type, 0);
  padded.writeUInt16BE(value.length, 2);
  value.copy(padded, 4);
  return padded;
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function withLength(message, more) {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(message.length - 20 + more, 2);
  return copy;
}

/** A Binding request that nominates, as a browser sends it to a peer of these ICE parameters. */
export function check({ usernameFragment, password }) {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(1, 0);
  header.writeUInt32BE(MAGIC, 4);
  randomBytes(12).copy(header, 8);
  const body = Buffer.concat([
    header,
    attribute(0x0006, Buffer.from(`${usernameFragment}:peer`)),
    attribute(0x0024, Buffer.from([0x6e, 0, 0x1e, 0xff])),
    attribute(0x802a, randomBytes(8)),
    attribute(0x0025, Buffer.alloc(0)),
  ]);
  const hmac = createHmac('sha1', password).update(withLength(body, 24)).digest();
  const signed = Buffer.concat([withLength(body, 24), attribute(0x0008, hmac)]);
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE((crc32(withLength(signed, 8)) ^ 0x5354554e) >>> 0);
  return Buffer.concat([withLength(signed, 8), attribute(0x8028, mark)]);
}

/** An address of a client's own, from which it checks. */
export class Checker {
  #socket = createSocket('udp4');
  #waiting;

  static async open() {
    const checker = new Checker();
    await new Promise((resolve) => checker.#socket.bind(0, '127.0.0.1', resolve));
    checker.#socket.on('message', (answer) => checker.#waiting?.(answer));
    return checker;
  }

  /** Whether the server answers this datagram with success. */
  async isAnswered(datagram, { ip, port }) {
    const answer = await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_LIMIT_MS);
      this.#waiting = (received) => {
        if (!received.subarray(8, 20).equals(datagram.subarray(8, 20))) return;
        clearTimeout(timer);
        resolve(received);
      };
      this.#socket.send(datagram, port, ip);
    });
    return answer?.readUInt16BE(0) === 0x0101;
  }

  close() {
    this.#socket.close();
  }
}
