// TCP as an attacker speaks it: bytes as they are, and what came back until now or until the end.
import { connect } from 'node:net';

const WAIT_LIMIT_MS = 10_000;

export class Attacker {
  text = '';
  ended = false;
  #socket;
  #changed = new Set();

  static async to(server) {
    const client = new Attacker();
    client.#socket = connect({ host: '127.0.0.1', port: server.port });
    client.#socket.on('error', () => client.#end());
    client.#socket.on('close', () => client.#end());
    client.#socket.setEncoding('latin1').on('data', (part) => {
      client.text += part;
      client.#tell();
    });
    await new Promise((done) => client.#socket.once('connect', done).once('close', done));
    return client;
  }

  #end() {
    this.ended = true;
    this.#tell();
  }

  #tell() {
    for (const look of this.#changed) look();
  }

  send(bytes) {
    if (!this.ended) this.#socket.write(bytes, 'latin1');
  }

  /** A masked frame; the mask is zero. */
  sendFrame(payload, opcode = 1, isLast = true) {
    const body = Buffer.from(payload);
    const head = [(isLast ? 0x80 : 0) | opcode];
    if (body.length < 126) head.push(0x80 | body.length);
    else if (body.length < 65536) head.push(0x80 | 126, body.length >> 8, body.length & 255);
    else head.push(0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (body.length >>> shift) & 255));
    if (!this.ended) this.#socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]));
  }

  upgrade(target = '/socket.io/?EIO=4&transport=websocket', headers = '') {
    this.send(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
    );
    return this.until(/HTTP\/1\.1 (\d+)/);
  }

  /** What the pattern finds in all that has come. */
  until(pattern) {
    return this.#wait(() => pattern.exec(this.text), `${pattern}`);
  }

  /** Resolves once `text` has come so often. */
  hears(text, count) {
    return this.#wait(() => this.text.split(text).length > count, `${count} ${text}`);
  }

  /** Resolves once the server has closed the WebSocket, with this code if one is given (RFC 6455 §7.4.1). */
  isClosed(code) {
    const frame = code ? `\x88\x02${String.fromCharCode(code >> 8, code & 255)}` : '\x88\x02';
    return this.#wait(() => this.text.includes(frame) || (!code && this.ended) || undefined, `its close ${code ?? ''}`);
  }

  /** Reads no more. */
  pause() {
    this.#socket.pause();
  }

  /** Resolves once the server has ended the connection. */
  end() {
    return this.#wait(() => this.ended || undefined, 'the end');
  }

  async #wait(find, what) {
    const found = find();
    if (found) return found;
    return new Promise((fulfil, reject) => {
      const timer = setTimeout(() => {
        this.#changed.delete(look);
        reject(new Error(`waits in vain for ${what}: got ${JSON.stringify(this.text.slice(-300))}`));
      }, WAIT_LIMIT_MS);
      const look = () => {
        const late = find();
        if (!late && !this.ended) return;
        this.#changed.delete(look);
        clearTimeout(timer);
        if (late) fulfil(late);
        else reject(new Error(`the connection ended before ${what}: ${JSON.stringify(this.text.slice(-300))}`));
      };
      this.#changed.add(look);
    });
  }

  close() {
    this.#socket.destroy();
  }
}
