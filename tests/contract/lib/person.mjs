import { strict as assert } from 'node:assert';
import { io } from 'socket.io-client';
import { receives } from './media.mjs';
import { tokenOf } from './token.mjs';

const WAIT_LIMIT_MS = 10_000;
let people = 0;

/**
 * The unmodified socket.io-client, and a list of all that it was told, in order: `heard` holds { event, args, offset },
 * where `offset` is the argument that Socket.IO's recovery puts last, and '#connect', '#connect_error' and '#disconnect' for the connection itself.
 */
export class Person {
  heard = [];
  #taken = new Set();
  #waiting = new Set();

  /** @param {{ userId?: string, token?: string, claims?: object, url?: string }} options and socket.io-client's own */
  constructor(server, { userId, token, claims, url, auth, server: _, send, recv, capabilities, ...options } = {}) {
    people += 1;
    this.userId = userId ?? `person-${people}`;
    this.socket = io(url ?? server.url, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      auth: auth ?? { token: token ?? tokenOf(this.userId, claims) },
      ...options,
    });
    this.socket.onAny((event, ...args) => {
      const offset = /^[\w-]{8}\.\d+$/.test(args.at(-1)) ? args.pop() : undefined;
      this.#hear(event, args, offset);
    });
    for (const event of ['connect', 'connect_error', 'disconnect'])
      this.socket.on(event, (...args) => this.#hear(`#${event}`, args));
  }

  #hear(event, args, offset) {
    this.heard.push({ event, args, offset });
    for (const look of this.#waiting) look();
  }

  /** The payload of the first such event that no next() has returned yet; waits for it. */
  async next(event, fits = () => true) {
    const find = () => {
      const index = this.heard.findIndex(
        (entry, i) => entry.event === event && !this.#taken.has(i) && fits(entry.args[0]),
      );
      if (index < 0) return undefined;
      this.#taken.add(index);
      return this.heard[index];
    };
    return (await this.#until(event, find)).args[0];
  }

  /** Resolves once at least `count` such events have come. */
  async hears(event, count) {
    await this.#until(`${count} ${event}`, () => this.count(event) >= count);
  }

  async #until(what, find) {
    const found = find();
    if (found) return found;
    let look;
    let timer;
    try {
      return await new Promise((fulfil, reject) => {
        const failed = (why) => reject(new Error(`${this.userId} waits for ${what}, ${why}: heard ${this.#summary()}`));
        look = () => {
          if (!this.#waiting.has(look)) return; // It has what it waited for.
          const late = find();
          if (late) {
            this.#waiting.delete(look);
            fulfil(late);
          } else if (this.heard.at(-1).event === '#disconnect') failed('and was disconnected');
        };
        this.#waiting.add(look);
        timer = setTimeout(() => failed('in vain'), WAIT_LIMIT_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  #summary() {
    return this.heard
      .slice(-20)
      .map(({ event, args }) => `${event} ${JSON.stringify(args)?.slice(0, 200)}`)
      .join('\n  ');
  }

  /** How often it has heard an event. */
  count(event, fits = () => true) {
    return this.heard.filter((entry) => entry.event === event && fits(entry.args[0])).length;
  }

  /** The names of what was heard from a position of `heard` on. */
  names(from = 0) {
    return this.heard.slice(from).map(({ event }) => event);
  }

  emit(event, ...payload) {
    this.socket.emit(event, ...payload);
  }

  /** The acknowledgement, whatever it says. */
  request(event, ...payload) {
    return this.socket.timeout(WAIT_LIMIT_MS).emitWithAck(event, ...payload);
  }

  /** The fields of a good acknowledgement, without `ok`. */
  async ok(event, ...payload) {
    const { ok, ...reply } = await this.request(event, ...payload);
    assert.equal(ok, true, `${event} ${JSON.stringify(payload)?.slice(0, 300)} failed: ${JSON.stringify(reply)}`);
    return reply;
  }

  async refused(event, payload, code) {
    const reply = await this.request(event, payload);
    const what = `${event} ${JSON.stringify(payload)?.slice(0, 300)}: ${JSON.stringify(reply).slice(0, 300)}`;
    assert.equal(reply.ok, false, what);
    assert.equal(reply.error.code, code, what);
    return reply.error;
  }

  /** The reply event, asked for without an acknowledgement. */
  async reply(event, payload, replyEvent) {
    this.emit(event, payload);
    return this.next(replyEvent);
  }

  /** The `error` event that a request without acknowledgement ends in. */
  async fails(event, ...payload) {
    this.emit(event, ...payload);
    return this.next('error', (error) => error.event === event);
  }

  async join(roomId) {
    this.roomId = roomId;
    this.router = (await this.ok('join-room', { roomId })).rtpCapabilities;
    return this.router;
  }

  transport(direction) {
    return this.ok('create-webrtc-transport', { roomId: this.roomId, direction });
  }

  /** Joins and has what a client has before its first producer. */
  async enter(roomId, { send = true, recv = true, capabilities } = {}) {
    await this.join(roomId);
    if (send) this.send = await this.transport('send');
    if (recv) this.recv = await this.transport('recv');
    if (capabilities !== null)
      await this.ok('set-rtp-capabilities', { rtpCapabilities: capabilities ?? receives(this.router) });
  }

  async produce(kind, rtpParameters, appData = {}) {
    return (await this.ok('create-producer', { kind, rtpParameters, appData })).producerId;
  }

  /**
   * After this, all that the server had to tell because of earlier requests of these people has been heard:
   * statistics are asked of the worker, whose answers and events come in one line.
   */
  async settle(...others) {
    for (const person of [this, ...others, this, ...others]) await person.request('get-participant-stats');
  }
}
