import { AiortcPerson } from '../lib/aiortc.mjs';
import { withExtraAddress } from '../lib/network.mjs';
import { test } from '../lib/runner.mjs';
import { until, untilGrows } from '../lib/until.mjs';

// aiortc has no loopback candidates of its own.
const ADDRESS = '10.231.9.1';
const SIZE = { width: 640, height: 360 };
const LOUD = 300;

for (const dtlsRole of ['client', 'server']) {
  test(`aiortc as DTLS ${dtlsRole} and Chromium see and hear each other`, async (stage) => {
    await withExtraAddress(stage, ADDRESS);
    const server = await stage.server({ settings: { MEDIASOUP_ANNOUNCED_IP: ADDRESS } });
    const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
    const snake = new AiortcPerson(stage, server, { userId: 'snake', dtlsRole });
    await ben.untilSees(snake, { width: 320, height: 240, mimeType: 'video/VP8', limitMs: 30_000 });
    await ben.untilHears(snake);
    await untilGrows('pictures that aiortc decoded', () => snake.look().video?.frames ?? 0, 20);
    await until('aiortc sees the right size and hears the beeps', () => {
      const { audio, video } = snake.look();
      return (
        (video.width === SIZE.width &&
          video.height === SIZE.height &&
          (audio?.loudest ?? 0) > LOUD) || { met: false, audio, video }
      );
    });
  });
}
