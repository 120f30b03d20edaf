import { openFirefox } from '../lib/firefox.mjs';
import { HookPerson } from '../lib/hook-person.mjs';
import { startHookSite } from '../lib/hook-site.mjs';
import { withNamespace } from '../lib/network.mjs';
import { test } from '../lib/runner.mjs';
import { until } from '../lib/until.mjs';

const OUTSIDE = '10.231.8.1';
const INSIDE = '10.231.8.2';
const SIZE = { width: 640, height: 360 };
const FIREFOX_LIMIT_MS = 40_000;
const TEST_LIMIT = { timeoutMs: 150_000 };

/** A server that Firefox can reach from its namespace, and what runs a program there. */
async function prepare(stage) {
  const namespace = await withNamespace(stage, { outside: OUTSIDE, inside: INSIDE });
  const site = await startHookSite(OUTSIDE, OUTSIDE);
  stage.defer(() => site.close());
  const { origin } = await stage.site();
  const server = await stage.server({
    corsOrigin: `${origin},${site.origin}`,
    settings: { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: OUTSIDE },
  });
  return { namespace, site, server, url: `http://${OUTSIDE}:${server.port}` };
}

test(
  'Firefox and Chromium see and hear each other with VP8 and opus',
  async (stage) => {
    const { namespace, site, server, url } = await prepare(stage);
    const page = await openFirefox(stage, namespace, `${site.origin}/?client=newest`);
    await until('the page is ready', () => page.evaluate(() => window.hook !== undefined));
    const fox = await HookPerson.connect(page, server, { userId: 'fox', url });
    const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
    // Firefox's fake camera has one size, which is not asked for.
    await fox.call('join');
    await fox.call('produceAudio');
    await fox.page.evaluate(async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      await window.hook.produce('video', { track: stream.getVideoTracks()[0] });
    });
    await fox.untilSees(ben, { ...SIZE, mimeType: 'video/VP8', limitMs: FIREFOX_LIMIT_MS });
    await fox.untilHears(ben);
    await ben.untilSees(fox, { mimeType: 'video/VP8', limitMs: FIREFOX_LIMIT_MS });
    await ben.untilHears(fox);
  },
  TEST_LIMIT,
);

test(
  'the demo page in Firefox meets the demo page in Chromium',
  async (stage) => {
    const { namespace, server, url } = await prepare(stage);
    const token = (userId, name) => server.token({ userId, name });
    const page = await openFirefox(
      stage,
      namespace,
      `${url}/?room=room&token=${token('fox', 'Fox')}`,
    );
    await until('the form is ready', () =>
      page.evaluate(() => document.querySelector('#name') !== null),
    );
    await page.evaluate(() => {
      document.querySelector('#name').value = 'Fox';
      document.querySelector('form').requestSubmit();
    });
    const ana = await stage.demoPerson(server, { name: 'Ana', token: token('ana', 'Ana') });
    await ana.untilSees('Fox', { limitMs: FIREFOX_LIMIT_MS });
    await ana.untilHears(1);
    await until(
      'Fox sees Ana',
      () =>
        page.evaluate(() => {
          const video = document.querySelector('.tile[data-participant="ana"] video');
          // Firefox counts no frames of a live stream; its clock runs only while there are some.
          const [width, seconds] = [video?.videoWidth ?? 0, video?.currentTime ?? 0];
          return (width > 0 && seconds > 2) || { met: false, width, seconds };
        }),
      FIREFOX_LIMIT_MS,
    );
    await ana.tile('Fox').and(ana.page.locator('[data-speaking]')).waitFor();
  },
  TEST_LIMIT,
);
