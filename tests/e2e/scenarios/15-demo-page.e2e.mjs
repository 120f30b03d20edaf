import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function violations(page) {
  await page.evaluate(await readFile(AXE, 'utf8'));
  // What is still fading in has colours of its own for a moment.
  await until('nothing moves any more', () =>
    page.evaluate(() =>
      document
        .getAnimations()
        .every(
          ({ playState, effect }) =>
            playState !== 'running' || effect.getTiming().iterations === Infinity,
        ),
    ),
  );
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  );
}

for (const colorScheme of ['dark', 'light']) {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ]) {
    test(`everybody can use the demo page: ${colorScheme}, ${width}x${height}`, async (stage) => {
      const server = await stage.server({ demo: true });
      const page = await stage.page({ colorScheme, viewport: { width, height } });
      await page.goto(`${server.localUrl}/?room=room`);
      await page.locator('.preview-column[data-video]').waitFor();
      assertEqual(await violations(page), [], 'on the join form');
      await page.getByLabel('Your name').fill('Ana');
      await page.getByRole('button', { name: 'Join', exact: true }).click();
      await page.locator('.room[data-alone]').waitFor();
      assertEqual(await violations(page), [], 'alone');
      const ben = await stage.demoPerson(server, { name: 'Ben' });
      await ben.button(/Share your screen/).click();
      await page.locator('.stage .tile').waitFor();
      await page.keyboard.press('m');
      await page.locator('.tile[data-self][data-muted]').waitFor();
      assertEqual(await violations(page), [], 'in a meeting with a shared screen');
      const { scrolls, controls } = await page.evaluate(() => ({
        scrolls:
          document.documentElement.scrollWidth > innerWidth ||
          document.documentElement.scrollHeight > innerHeight,
        controls: [...document.querySelectorAll('.control:not([hidden])')].map((button) =>
          button.getBoundingClientRect().toJSON(),
        ),
      }));
      assert(!scrolls, 'the page fits its window');
      for (const { left, right, bottom, width: wide, height: high } of controls) {
        assert(
          left >= 0 && right <= width && bottom <= height,
          'each control is inside the window',
        );
        assert(wide >= 44 && high >= 44, 'each control is large enough for a thumb');
      }
    });
  }
}

test('the keyboard alone is enough to join, mute, put somebody on the stage and leave', async (stage) => {
  const server = await stage.server({ demo: true });
  await stage.demoPerson(server, { name: 'Ben' });
  const page = await stage.page();
  await page.goto(`${server.localUrl}/?room=room`);
  await page.keyboard.type('Ana');
  await page.keyboard.press('Enter');
  await page.locator('.call[data-state="joined"]').waitFor();
  await page.keyboard.press('m');
  await page.getByRole('button', { name: 'Unmute your microphone' }).waitFor();
  const tabTo = async (label) =>
    until(`Tab reaches ${label}`, async () => {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? '',
      );
      return focused === label || { met: false, focused };
    });
  await page.getByRole('button', { name: 'Show Ben large' }).waitFor();
  await tabTo('Show Ben large');
  await page.keyboard.press('Enter');
  await page.locator('.stage .tile[data-kind="camera"]').waitFor();
  await tabTo('Leave the meeting');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Join', exact: true }).waitFor();
});

test('where the browser wants a click before it plays sound, the page asks for one', async (stage) => {
  const server = await stage.server({ demo: true });
  await stage.demoPerson(server, { name: 'Ben' });
  const page = await stage.page({ flags: ['--autoplay-policy=user-gesture-required'] });
  // Somebody without devices: pages that record may play sound anyway.
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('none', 'NotFoundError');
    };
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function refuse() {
      if (this.tagName !== 'AUDIO' || window.clicked) return play.call(this);
      return Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
    };
    addEventListener(
      'click',
      () => {
        window.clicked = window.joined;
      },
      true,
    );
  });
  await page.goto(`${server.localUrl}/?room=room`);
  await page.getByText('No camera was found').waitFor();
  await page.getByLabel('Your name').fill('Ana');
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  const button = page.getByRole('button', { name: 'Click to hear the others' });
  await button.waitFor();
  await page.evaluate(() => {
    window.joined = true;
  });
  await button.click();
  await until('sound plays', () =>
    page.evaluate(() => [...document.querySelectorAll('audio')].some((audio) => !audio.paused)),
  );
  await button.waitFor({ state: 'hidden' });
});

test('pictures out of sight are paused at the server, and go on when they are scrolled into sight', async (stage) => {
  const server = await stage.server();
  const ana = await stage.demoPerson(server, {
    name: 'Ana',
    token: server.token({ userId: 'ana', name: 'Ana' }),
    viewport: { width: 900, height: 190 },
  });
  for (const name of ['Ben', 'Cleo', 'Dan', 'Eve']) {
    const other = await stage.person(server, { userId: name.toLowerCase(), name });
    await other.join({ audio: false, video: { width: 320, height: 180 } });
    if (name === 'Ben') await other.call('produceScreen');
  }
  await ana.untilTiles(5);
  await ana.page.locator('.stage .tile').waitFor();
  const pausedOfAna = async () => {
    const { roomStats } = await server.stats();
    return roomStats[0].participants.find(({ id }) => id === 'ana').consumers.pausedConsumers;
  };
  await until('some pictures are paused', async () => {
    const paused = await pausedOfAna();
    return paused > 0 || { met: false, paused };
  });
  await ana.tile('Eve').scrollIntoViewIfNeeded();
  await ana.untilSees('Eve');
  await until('those that went out of sight are paused now', async () => (await pausedOfAna()) > 0);
});
