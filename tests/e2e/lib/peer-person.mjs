// Driving the peer-to-peer page from a test.
import { until, untilGrows } from './until.mjs';

/** Loud enough not to be comfort noise: the fake microphone beeps once a second. */
const AUDIBLE_ENERGY = 1e-4;
/** Pages that send to each other on one machine may have no other address than loopback. */
const FLAGS = ['--allow-loopback-in-peer-connection'];

export class PeerPerson {
  constructor(page, userId) {
    this.page = page;
    this.userId = userId;
  }

  /** Somebody on the page, with a connection of this kind alone: connected, but not in the room. */
  static async open(stage, server, { userId, roomId = 'room' }) {
    const person = await PeerPerson.onPage(stage, userId);
    await person.call('connect', { url: server.url, token: server.token({ userId }), roomId });
    return person;
  }

  /** The same with nothing connected yet: window.hook and window.peer are there. */
  static async onPage(stage, userId) {
    const { origin } = await stage.site();
    const page = await stage.page({ flags: FLAGS });
    await page.goto(`${origin}/peer`);
    await page.waitForFunction(() => window.peer !== undefined);
    return new PeerPerson(page, userId);
  }

  async ready(options) {
    await this.call('ready', options);
    return this;
  }

  call(method, ...args) {
    return this.page.evaluate(([name, given]) => window.peer[name](...given), [method, args]);
  }

  async untilState(what, fits) {
    return until(`${this.userId}: ${what}`, async () => {
      const state = await this.call('state');
      return fits(state) || { met: false, ...state };
    });
  }

  async untilSees(other, { screen = false, width, height } = {}) {
    const source = screen ? 'screen' : 'camera';
    const what = `${this.userId}: frames decoded of ${other.userId}'s ${source}`;
    const received = () => this.call('received', other.userId, 'video', screen);
    await untilGrows(what, async () => (await received())?.framesDecoded ?? 0);
    if (width === undefined) return;
    await until(`${what} at ${width}x${height}`, async () => {
      const { frameWidth, frameHeight } = await received();
      const fits = frameWidth === width && frameHeight === height;
      return fits || { met: false, frameWidth, frameHeight };
    });
  }

  async untilHears(other) {
    await until(`${this.userId} hears ${other.userId}`, async () => {
      const stats = await this.call('received', other.userId, 'audio');
      const totalAudioEnergy = stats?.totalAudioEnergy ?? 0;
      return totalAudioEnergy > AUDIBLE_ENERGY || { met: false, totalAudioEnergy };
    });
  }

  async untilMeets(...others) {
    for (const other of others) {
      await this.untilSees(other);
      await this.untilHears(other);
    }
  }
}
