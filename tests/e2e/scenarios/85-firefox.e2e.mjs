import { openFirefox } from '../lib/firefox.mjs';
import { HookPerson } from '../lib/hook-person.mjs';
import { startHookSite } from '../lib/hook-site.mjs';
import { withNamespace } from '../lib/network.mjs';
import { test } from '../lib/runner.mjs';

const OUTSIDE = '10.231.8.1';
const INSIDE = '10.231.8.2';
const SIZE = { width: 640, height: 360 };
const FIREFOX_LIMIT_MS = 40_000;

test('Firefox and Chromium see and hear each other with VP8 and opus', async (stage) => {
  const namespace = await withNamespace(stage, { outside: OUTSIDE, inside: INSIDE });
  const site = await startHookSite(OUTSIDE, OUTSIDE);
  stage.defer(() => site.close());
  const { origin } = await stage.site();
  const server = await stage.server({
    corsOrigin: `${origin},${site.origin}`,
    settings: { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: OUTSIDE },
  });
  const page = await openFirefox(stage, namespace, `${site.origin}/?client=newest`);
  const fox = await HookPerson.connect(page, server, { userId: 'fox', url: `http://${OUTSIDE}:${server.port}` });
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
}, { timeoutMs: 150_000 });
