// Driving the small page from a test.
import { assert, until, untilGrows } from './until.mjs';

/** Loud enough not to be comfort noise: the fake microphone beeps once a second. */
const AUDIBLE_ENERGY = 1e-4;

export class HookPerson {
  constructor(page, userId) {
    this.page = page;
    this.userId = userId;
  }

  static async connect(page, server, { userId, roomId = 'room', url, name, ...options }) {
    const person = new HookPerson(page, userId);
    const token = server.token({ userId, ...(name === undefined ? {} : { name }) });
    await page.evaluate((given) => window.hook.connect(given), {
      url: url ?? server.url,
      token,
      roomId,
      ...options,
    });
    return person;
  }

  /** Calls a method of the page's hook. */
  call(method, ...args) {
    return this.page.evaluate(([name, given]) => window.hook[name](...given), [method, args]);
  }

  emit(event, payload) {
    return this.page.evaluate(
      ([name, given]) => {
        window.hook.socket.emit(name, given);
      },
      [event, payload],
    );
  }

  /** Joins and produces at once, as a client without MeetLite's waiting would. */
  async join({ audio = true, video = {} } = {}) {
    await this.call('join');
    if (audio) await this.call('produceAudio');
    if (video !== null) await this.call('produceVideo', video);
    return this;
  }

  received(from, mediaType = 'video') {
    return this.call('received', nameOf(from), mediaType);
  }

  events(event, matches = {}) {
    return this.call('count', event, matches);
  }

  async untilEvent(event, matches = {}, count = 1) {
    return until(
      `${this.userId} has had ${count} ${event} ${JSON.stringify(matches)}`,
      async () => {
        const seen = await this.events(event, matches);
        return seen >= count ? true : { met: false, seen };
      },
    );
  }

  /** Until more frames are decoded, of this size where one is given. */
  async untilSees(from, { width, height, mediaType = 'video', mimeType, limitMs = 20_000 } = {}) {
    const who = nameOf(from);
    await untilGrows(
      `${this.userId}: frames decoded of ${who}'s ${mediaType}`,
      async () => {
        const stats = await this.received(who, mediaType);
        if (stats === null) throw new Error('no consumer yet');
        return stats.framesDecoded;
      },
      5,
      limitMs,
    );
    if (width !== undefined) await this.untilSize(who, width, height, mediaType, limitMs);
    if (mimeType !== undefined) {
      const stats = await this.received(who, mediaType);
      assert(stats.mimeType === mimeType, `${this.userId} got ${stats.mimeType}, not ${mimeType}`);
    }
  }

  async untilSize(from, width, height, mediaType = 'video', limitMs = 20_000) {
    const who = nameOf(from);
    await until(
      `${this.userId} sees ${who} at ${width}x${height}`,
      async () => {
        const { frameWidth, frameHeight } = await this.received(who, mediaType);
        return (
          (frameWidth === width && frameHeight === height) || {
            met: false,
            frameWidth,
            frameHeight,
          }
        );
      },
      limitMs,
    );
  }

  async untilHears(from) {
    const who = nameOf(from);
    await until(`${this.userId} hears ${who}`, async () => {
      const stats = await this.received(who, 'audio');
      if (stats === null) throw new Error('no consumer yet');
      const { totalAudioEnergy, packetsReceived } = stats;
      return totalAudioEnergy > AUDIBLE_ENERGY || { met: false, totalAudioEnergy, packetsReceived };
    });
  }

  /** Until everybody of these is both seen and heard. */
  async untilMeets(others, options = {}) {
    for (const other of others) {
      await this.untilSees(other, options);
      await this.untilHears(other);
    }
  }

  async framesOf(from, mediaType = 'video') {
    return (await this.received(from, mediaType)).framesDecoded;
  }

  async consumerOf(from, mediaType = 'video') {
    return this.page.evaluate(
      ([id, type]) => {
        const entry = window.hook.find(id, type);
        if (entry === undefined) return null;
        const { consumer, element, ...plain } = entry;
        return { ...plain, has: [consumer !== undefined, element !== undefined] };
      },
      [nameOf(from), mediaType],
    );
  }

  people() {
    return this.call('people');
  }

  disconnect() {
    return this.page.evaluate(() => {
      window.hook.socket.disconnect();
      window.hook.closeMedia();
    });
  }
}

function nameOf(person) {
  return typeof person === 'string' ? person : person.userId;
}
