import { startLossyPath } from '../lib/lossy-path.mjs';
import { test } from '../lib/runner.mjs';
import { assert, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
const WATCHED_MS = 20_000;
const STANDS_STILL_MS = 1_000;

test('with 5 % loss on the publisher’s way no viewer’s picture stands still', async (stage) => {
  const server = await stage.server();
  const path = await startLossyPath(stage, { to: server.mediaPort, loss: 0.05 });
  const ana = await stage.person(server, { userId: 'ana', detour: { send: path.port } });
  await ana.join({ video: SIZE });
  const viewers = [];
  for (const userId of ['ben', 'cleo']) {
    viewers.push(await (await stage.person(server, { userId })).join({ audio: false, video: null }));
  }
  for (const viewer of viewers) await viewer.untilSees(ana, SIZE);
  const lostBefore = path.lost;
  const watched = await Promise.all(viewers.map((viewer) => viewer.call('watch', 'ana', WATCHED_MS)));
  assert(path.lost - lostBefore > 20, `the path lost only ${path.lost - lostBefore} datagrams`);
  for (const [i, seen] of watched.entries()) {
    const text = `${viewers[i].userId}: ${JSON.stringify(seen)}`;
    assert(seen.longestGapMs < STANDS_STILL_MS, `a gap between two pictures: ${text}`);
    assert(seen.frames > (WATCHED_MS / 1000) * 12, `too few pictures: ${text}`);
  }
}, { timeoutMs: 120_000 });

test('a viewer whose way back loses 5 % still hears and sees', async (stage) => {
  const server = await stage.server();
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const path = await startLossyPath(stage, { to: server.mediaPort, loss: 0.05, seed: 11 });
  const ben = await stage.person(server, { userId: 'ben', detour: { recv: path.port } });
  await ben.join({ audio: false, video: null });
  await ben.untilMeets([ana], SIZE);
  await until('feedback was lost', () => path.lost > 0);
});
