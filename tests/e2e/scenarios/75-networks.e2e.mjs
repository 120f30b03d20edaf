// Networks that change under a call: NATs that forget, restarts of ICE, other addresses.
import { openChromiumInside } from '../lib/chromium-inside.mjs';
import { ClientNetwork } from '../lib/client-network.mjs';
import { meetOnDemoPage } from '../lib/demo-meeting.mjs';
import { startNat } from '../lib/nat.mjs';
import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 320, height: 180 };
/** Tests that mostly wait share a browser, and with it a camera that is open in one size. */
const SHARED_SIZE = { width: 640, height: 360 };
/** Chromium checks a pair that works every 2.5 s; the rest is for machines that are slow. */
const NEXT_CHECK_MS = 4_000;

async function meet(stage, options = {}, client = 'newest') {
  const size = options.size ?? SIZE;
  const server = await stage.server();
  const ana = await (
    await stage.person(server, { userId: 'ana', client, ...(await options.ana?.(server)) })
  ).join({ video: size });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: size });
  await ana.untilMeets([ben], size);
  await ben.untilMeets([ana], size);
  return { server, ana, ben };
}

function report(what, gaps) {
  console.log(`      ${what}: ${gaps.map((gap) => `${Math.round(gap)} ms`).join(', ')}`);
}

test('a NAT that gives the client another port and address in mid-call is followed with the next check, without signaling', async (stage) => {
  let nat;
  const { server, ana, ben } = await meet(stage, {
    ana: async ({ mediaPort }) => {
      nat = await startNat(stage, { to: mediaPort });
      return { detour: { send: nat.port, recv: nat.port } };
    },
  });
  const asked = await ana.page.evaluate(() => window.hook.events.length);
  const gaps = { sees: [], isSeen: [] };
  for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.1']) {
    const watched = Promise.all([ana.call('watch', 'ben', 6_000), ben.call('watch', 'ana', 6_000)]);
    await nat.rebind(address);
    const [sees, isSeen] = await watched;
    gaps.sees.push(sees.longestGapMs);
    gaps.isSeen.push(isSeen.longestGapMs);
  }
  report('without media, as the one behind the NAT sees it', gaps.sees);
  report('as the other one sees it', gaps.isSeen);
  assert(Math.max(...gaps.sees, ...gaps.isSeen) < NEXT_CHECK_MS, JSON.stringify(gaps));
  assertEqual(
    await ana.page.evaluate(
      (since) =>
        window.hook.events
          .slice(since)
          .map(({ event }) => event)
          .filter((event) => event === 'ice-restarted' || event === 'disconnect'),
      asked,
    ),
    [],
    'signaling',
  );
  assert(!server.log.includes('has lost its peer'), 'no transport lost its peer');
});

for (const client of ['newest', 'old']) {
  test(`an ICE restart in mid-call costs no frame that anybody misses (${client} mediasoup-client)`, async (stage) => {
    const { server, ana, ben } = await meet(stage, {}, client);
    const connects = server.log.split('dtls=connecting').length;
    const watched = Promise.all([ana.call('watch', 'ben', 4_000), ben.call('watch', 'ana', 4_000)]);
    const names = [];
    for (const direction of ['send', 'recv']) {
      names.push(await ana.call('restartIce', direction));
      const transport = `${direction}Transport`;
      await until(`the ${direction} transport checks with the new name`, () =>
        ana.page.evaluate(
          ([which, name]) => {
            const { _handler: handler } = window.hook[which];
            return handler._pc.remoteDescription.sdp.includes(`a=ice-ufrag:${name}`);
          },
          [transport, names.at(-1)],
        ),
      );
    }
    const [sees, isSeen] = await watched;
    report('longest time between frames', [sees.longestGapMs, isSeen.longestGapMs]);
    assert(names[0] !== names[1], 'each transport has a name of its own');
    assert(sees.longestGapMs < 500, `ana sees ben: ${sees.longestGapMs} ms`);
    assert(isSeen.longestGapMs < 500, `ben sees ana: ${isSeen.longestGapMs} ms`);
    await ana.untilMeets([ben]);
    assertEqual(server.log.split('dtls=connecting').length, connects, 'DTLS handshakes');
  });
}

test(
  'a client whose packets do not come for 30 s is told so, and an ICE restart brings it back',
  async (stage) => {
    let nat;
    const { ana, ben } = await meet(stage, {
      size: SHARED_SIZE,
      ana: async ({ mediaPort }) => {
        nat = await startNat(stage, { to: mediaPort });
        return { detour: { send: nat.port, recv: nat.port } };
      },
    });
    const cutAt = performance.now();
    nat.isCut = true;
    for (const direction of ['send', 'recv']) {
      await until(
        `the ${direction} transport is disconnected`,
        async () =>
          (await ana.events('transport-state-changed', {
            direction,
            iceState: 'disconnected',
            dtlsState: 'connected',
          })) === 1,
        45_000,
      );
    }
    const waited = performance.now() - cutAt;
    assert(waited > 25_000, `told after ${waited} ms`);
    nat.isCut = false;
    const completed = await ana.events('transport-state-changed', { iceState: 'completed' });
    for (const direction of ['send', 'recv']) await ana.call('restartIce', direction);
    await ana.untilEvent('transport-state-changed', { iceState: 'completed' }, completed + 2);
    // In whatever size: browsers begin small after so long without an answer.
    await ana.untilMeets([ben]);
    await ben.untilMeets([ana]);
  },
  { mostlyWaits: true, timeoutMs: 150_000 },
);

test('the client is told when its transports are connected, once for each state', async (stage) => {
  const { ana } = await meet(stage);
  const told = await ana.page.evaluate(() =>
    window.hook.events
      .filter(({ event }) => event === 'transport-state-changed')
      .map(({ payload }) => payload),
  );
  for (const direction of ['send', 'recv']) {
    const own = told.filter((state) => state.direction === direction);
    const last = own.at(-1);
    assertEqual([last?.iceState, last?.dtlsState], ['completed', 'connected'], direction);
    const texts = own.map((state) => JSON.stringify(state));
    assert(
      texts.every((text, i) => text !== texts[i - 1]),
      `${direction}: ${texts}`,
    );
  }
});

const OUTSIDE = '10.231.10.1';
const INSIDE = '10.231.10.2';

/** The demo page in a network of its own, in a meeting with one on this machine. */
async function meetFromAnotherNetwork(stage) {
  const network = await ClientNetwork.open(stage, { outside: OUTSIDE, inside: INSIDE });
  const server = await stage.server({
    settings: { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: OUTSIDE },
  });
  const url = `http://${OUTSIDE}:${server.port}`;
  const page = await openChromiumInside(stage, network.inside, url);
  const { ana, ben } = await meetOnDemoPage(stage, server, page, url);
  return { network, server, ana, ben };
}

/** Starts to measure, in the page, the longest time between two frames of somebody. */
function startStopwatch(viewer, name) {
  return viewer.page.evaluate((who) => {
    const watch = { longest: 0, last: performance.now(), frames: 0 };
    window.stopwatch = watch;
    let seen = -1;
    const look = () => {
      const tile = [...document.querySelectorAll('.tile[data-kind="camera"]')].find(
        (one) => one.querySelector('.tile-name')?.textContent.trim() === who,
      );
      const count = tile?.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
      const now = performance.now();
      if (count > 0 && count !== seen) {
        if (seen >= 0) watch.longest = Math.max(watch.longest, now - watch.last);
        watch.last = now;
        watch.frames += 1;
      }
      seen = count;
      setTimeout(look, 20);
    };
    look();
  }, name);
}

async function untilFlowsAgain(viewer) {
  await until(
    `${viewer.name}: frames for a second without a gap`,
    () =>
      viewer.page.evaluate(() => {
        const { longest, last, frames } = window.stopwatch;
        const silent = performance.now() - last;
        window.before ??= frames;
        return (frames > window.before + 40 && silent < 300) || { met: false, longest, silent };
      }),
    40_000,
  );
  return viewer.page.evaluate(() => window.stopwatch.longest);
}

test(
  'a client whose address is replaced in mid-call is back by itself',
  async (stage) => {
    const { network, ana, ben } = await meetFromAnotherNetwork(stage);
    await startStopwatch(ana, 'Ben');
    await startStopwatch(ben, 'Ana');
    await network.changeAddress('10.231.10.77');
    const [sees, isSeen] = await Promise.all([untilFlowsAgain(ana), untilFlowsAgain(ben)]);
    report('without media: it sees, it is seen', [sees, isSeen]);
  },
  { timeoutMs: 120_000 },
);

/** Runs in the page before its own scripts: its media goes to another port than it was told. */
function sendMediaTo({ told, instead }) {
  const native = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const lines = description.sdp
      .split('\r\n')
      .filter((line) => !/^a=candidate:.* tcp /i.test(line))
      .map((line) => line.replace(` ${told} typ host`, ` ${instead} typ host`));
    return native.call(this, { type: description.type, sdp: lines.join('\r\n') });
  };
}

test('the demo page behind a NAT that forgets it does not wait for the next check', async (stage) => {
  const server = await stage.server();
  const nat = await startNat(stage, { to: server.mediaPort });
  const page = await stage.page();
  await page.addInitScript(sendMediaTo, { told: server.mediaPort, instead: nat.port });
  const { ana, ben } = await meetOnDemoPage(stage, server, page);
  await startStopwatch(ana, 'Ben');
  await startStopwatch(ben, 'Ana');
  await nat.rebind('127.0.0.3');
  const [sees, isSeen] = await Promise.all([untilFlowsAgain(ana), untilFlowsAgain(ben)]);
  report('without media: it sees, it is seen', [sees, isSeen]);
  assert(Math.max(sees, isSeen) < NEXT_CHECK_MS, `${sees} ms, ${isSeen} ms`);
});
