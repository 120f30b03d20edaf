// Driving the demo page as a person would: by its fields, buttons and what is to be seen.
import { until, untilGrows } from './until.mjs';

const AUDIBLE_ENERGY = 1e-4;

/** Opens the page, fills the form, joins, and waits until the page says that it has joined. */
export async function openDemoPage(page, server, { name, roomId = 'room', token }) {
  const address = new URL(server.localUrl);
  address.searchParams.set('room', roomId);
  if (token !== undefined) address.searchParams.set('token', token);
  await page.goto(address.href);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  const person = new DemoPerson(page, name);
  await person.untilJoined();
  return person;
}

export class DemoPerson {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  async untilJoined() {
    await this.page.locator('.call[data-state="joined"]').waitFor({ timeout: 20_000 });
  }

  tile(name, kind = 'camera') {
    const text = kind === 'screen' ? `${name}’s screen` : name;
    return this.page
      .locator(`.tile[data-kind="${kind}"]`)
      .filter({ has: this.page.locator('.tile-name', { hasText: new RegExp(`^${text}$`) }) });
  }

  async #frames(name, kind) {
    return this.tile(name, kind)
      .locator('video')
      .evaluate(
        (video) => ({
          frames: video.getVideoPlaybackQuality().totalVideoFrames,
          width: video.videoWidth,
          height: video.videoHeight,
        }),
        undefined,
        { timeout: 5_000 },
      );
  }

  async untilSees(name, { kind = 'camera', width, height, limitMs = 20_000 } = {}) {
    await untilGrows(
      `${this.name}: frames of ${name}'s ${kind}`,
      async () => (await this.#frames(name, kind)).frames,
      5,
      limitMs,
    );
    if (width === undefined) return;
    await until(
      `${this.name} sees ${name}'s ${kind} at ${width}x${height}`,
      async () => {
        const seen = await this.#frames(name, kind);
        return (seen.width === width && seen.height === height) || { met: false, ...seen };
      },
      limitMs,
    );
  }

  framesOf(name, kind = 'camera') {
    return this.#frames(name, kind).then(({ frames }) => frames);
  }

  /** Until this many voices have been heard, each louder than silence. */
  async untilHears(voices) {
    await until(`${this.name} hears ${voices}`, async () => {
      const energies = await this.page.evaluate(async () =>
        (await window.inbound('audio')).map((report) => report.totalAudioEnergy ?? 0),
      );
      return (
        energies.filter((energy) => energy > AUDIBLE_ENERGY).length >= voices || {
          met: false,
          energies,
        }
      );
    });
  }

  async untilTiles(count) {
    await until(`${this.name} has ${count} tiles`, async () => {
      const tiles = await this.page.locator('.tile[data-kind="camera"]').count();
      return tiles === count || { met: false, tiles };
    });
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }
}
