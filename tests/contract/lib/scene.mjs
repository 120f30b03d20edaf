import { Person } from './person.mjs';
import { launch, usualSettings } from './server.mjs';

let rooms = 0;
const shared = new Map();

/** What one test has started. Servers with the usual settings are shared by all tests. */
export class Scene {
  #people = [];
  #servers = [];

  static async endSharedServers() {
    for (const server of shared.values()) await server.end();
  }

  /** A server with the usual settings, changed by `changes`; the same changes give the same server. */
  async server(changes = {}) {
    const key = JSON.stringify(changes);
    const known = shared.get(key);
    if (known?.running) return known;
    const server = launch({ env: { ...(await usualSettings()), ...changes } });
    await server.listening;
    shared.set(key, server);
    return server;
  }

  /** A server of this test alone: see launch(). */
  launch(options) {
    const server = launch(options);
    this.#servers.push(server);
    return server;
  }

  /** A server of this test alone that runs, with the usual settings, changed by `changes`. */
  async ownServer(changes = {}, options = {}) {
    return this.launch({ env: { ...(await usualSettings()), ...changes }, ...options }).listening;
  }

  room() {
    rooms += 1;
    return `room ${rooms}`;
  }

  /** Somebody who tries to connect: see Person. */
  async stranger(options = {}) {
    const person = new Person(options.server ?? (await this.server()), options);
    this.#people.push(person);
    return person;
  }

  /** Somebody who is connected. */
  async person(userId, options = {}) {
    const person = await this.stranger({ userId, ...options });
    await person.next('#connect');
    return person;
  }

  /** Somebody who has joined, with both transports and capabilities. */
  async participant(userId, roomId, options = {}) {
    const person = await this.person(userId, options);
    await person.enter(roomId, options);
    return person;
  }

  checkServers() {
    for (const [key, server] of shared)
      if (!server.running) {
        shared.delete(key);
        throw new Error(`the server ended in this test: ${server.err.slice(-2000)}`);
      }
  }

  async end() {
    for (const person of this.#people) person.socket.disconnect();
    for (const server of this.#servers) await server.end();
  }
}
