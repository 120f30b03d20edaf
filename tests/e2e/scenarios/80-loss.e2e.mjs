import { startLossyPath } from '../lib/lossy-path.mjs';
import { test } from '../lib/runner.mjs';
import { assert } from '../lib/until.mjs';

const HD = { width: 1280, height: 720 };
const SIMULCAST = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_800_000, scalabilityMode: 'L1T3' },
];
const SIZE = { width: 640, height: 360 };
const WATCHED_MS = 20_000;
const STANDS_STILL_MS = 1_000;
/** Of the fake camera's 20 in a second. */
const FEWEST_FRAMES_PER_SECOND = 12;

async function watchTogether(viewers, path) {
  const lostBefore = path.lost;
  const watched = await Promise.all(
    viewers.map((viewer) => viewer.call('watch', 'ana', WATCHED_MS)),
  );
  assert(path.lost - lostBefore > 20, `the path lost only ${path.lost - lostBefore} datagrams`);
  for (const [i, seen] of watched.entries()) {
    const text = `${viewers[i].userId}: ${JSON.stringify(seen)}`;
    assert(seen.longestGapMs < STANDS_STILL_MS, `a gap between two pictures: ${text}`);
    assert(
      seen.frames > (WATCHED_MS / 1000) * FEWEST_FRAMES_PER_SECOND,
      `too few pictures: ${text}`,
    );
  }
}

test(
  'with 5 % loss on the publisher’s way no viewer’s picture stands still',
  async (stage) => {
    const server = await stage.server();
    const path = await startLossyPath(stage, { to: server.mediaPort, loss: 0.05 });
    const ana = await stage.person(server, { userId: 'ana', detour: { send: path.port } });
    await ana.join({ video: { ...HD, encodings: SIMULCAST } });
    const viewers = [];
    for (const userId of ['ben', 'cleo']) {
      viewers.push(
        await (await stage.person(server, { userId })).join({ audio: false, video: null }),
      );
    }
    for (const viewer of viewers) await viewer.untilSees(ana);
    await watchTogether(viewers, path);
  },
  { timeoutMs: 120_000 },
);

test(
  'with 5 % loss on a viewer’s way, there and back, its picture does not stand still',
  async (stage) => {
    const server = await stage.server();
    const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
    const path = await startLossyPath(stage, {
      to: server.mediaPort,
      loss: 0.05,
      lossBack: 0.05,
      seed: 11,
    });
    const ben = await stage.person(server, { userId: 'ben', detour: { recv: path.port } });
    await ben.join({ audio: false, video: null });
    await ben.untilMeets([ana], SIZE);
    await watchTogether([ben], path);
  },
  { timeoutMs: 120_000 },
);
