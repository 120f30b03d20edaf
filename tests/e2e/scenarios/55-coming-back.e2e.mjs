// A signaling connection that breaks off in mid-call costs nobody a frame.
import { openDemoPage } from '../lib/demo-person.mjs';
import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };

async function two(stage, server) {
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  return { ana, ben };
}

const sorted = (entries) => entries.map(({ id }) => id).sort();

/** What a viewer received of a stream up to now, and that no packet of it was lost since. */
async function stream(viewer, from) {
  const { packetsReceived, packetsLost, framesReceived, keyFramesDecoded } =
    await viewer.received(from);
  return { packetsReceived, packetsLost, framesReceived, keyFramesDecoded };
}

async function assertWhole(viewer, from, before) {
  const after = await stream(viewer, from);
  const shown = JSON.stringify({ before, after });
  console.log(
    `        ${viewer.userId} of ${from.userId}: ${after.framesReceived - before.framesReceived} frames, ` +
      `${after.packetsReceived - before.packetsReceived} packets, ${after.packetsLost - before.packetsLost} lost`,
  );
  assert(after.framesReceived > before.framesReceived, `frames stopped: ${shown}`);
  assertEqual(after.packetsLost, before.packetsLost, `packets lost, ${shown}`);
  assertEqual(after.keyFramesDecoded, before.keyFramesDecoded, `key frames, ${shown}`);
}

test('a socket that is killed in mid-call costs no viewer a packet, and resume has it all back', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  const before = { ana: await stream(ana, ben), ben: await stream(ben, ana) };
  await ben.call('cut');
  await ben.untilEvent('disconnect');
  await ana.untilSees('ben');
  await ben.untilSees('ana');
  assertEqual(await ben.call('comeBack', { recover: false }), false, 'recovered');
  const kept = await ben.call('resume');
  assertEqual(kept.resumed, true, 'resumed');
  const ids = await ben.call('ids');
  for (const list of ['transports', 'producers', 'consumers'])
    assertEqual(sorted(kept[list]), ids[list], `ids of ${list}`);
  for (const { connected, iceState, dtlsState } of kept.transports) {
    assertEqual([connected, dtlsState], [true, 'connected'], 'its state');
    assert(['connected', 'completed'].includes(iceState), `its ICE state is ${iceState}`);
  }
  await ana.untilSees('ben');
  await ben.untilSees('ana');
  await assertWhole(ana, ben, before.ana);
  await assertWhole(ben, ana, before.ben);
  for (const event of ['participant-left', 'consumer-closed', 'producer-closed'])
    assertEqual(await ana.events(event), 0, `${event} at Ana`);
  assertEqual(await ana.events('participant-joined'), 1, 'participant-joined at Ana');
});

test('a session that socket.io-client recovers in mid-call goes on without joining again', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  const before = await stream(ana, ben);
  await ben.call('cut');
  await ben.untilEvent('disconnect');
  await ana.call('produceScreen');
  await ana.untilSees('ben');
  assertEqual(await ben.call('comeBack', { recover: true }), true, 'recovered');
  await ben.untilSees('ana', { mediaType: 'screen-video' });
  await ben.call('produceScreen');
  await ana.untilSees('ben', { mediaType: 'screen-video' });
  const after = await stream(ana, ben);
  assertEqual(after.packetsLost, before.packetsLost, 'packets lost');
  assertEqual(await ana.events('participant-left'), 0, 'participant-left at Ana');
});

test('somebody with media who vanishes is there for 30 s, and gone then', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  await ben.call('cut');
  const cutAt = Date.now();
  await ben.untilEvent('disconnect');
  await until('20 s have gone by', () => Date.now() - cutAt > 20_000, 40_000);
  await ana.untilSees('ben');
  await ana.untilEvent('participant-left', { participantId: 'ben' });
  const leftAt = await ana.page.evaluate(
    () =>
      performance.timeOrigin +
      window.hook.events.find(({ event }) => event === 'participant-left').at,
  );
  const goneAfterMs = leftAt - cutAt;
  assert(goneAfterMs > 29_500 && goneAfterMs < 35_000, `gone after ${goneAfterMs} ms`);
}, { mostlyWaits: true });

test('the demo page is back in its meeting when its socket is killed, and nobody notices', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, { name: 'Ana' });
  const page = await stage.page();
  await page.addInitScript(() => {
    const Native = window.WebSocket;
    window.webSockets = [];
    window.WebSocket = class extends Native {
      constructor(...args) {
        super(...args);
        window.webSockets.push(this);
      }
    };
    window.statesSeen = [];
    new MutationObserver(() => {
      const state = document.querySelector('.call')?.dataset.state;
      if (state !== undefined && state !== window.statesSeen.at(-1)) window.statesSeen.push(state);
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  const ben = await openDemoPage(page, server, { name: 'Ben' });
  await ana.untilSees('Ben');
  await ben.untilSees('Ana');
  const connections = await page.evaluate(() => window.peerConnections.length);
  for (let i = 0; i < 3; ++i) {
    const opened = await page.evaluate(() => {
      window.webSockets.at(-1).close();
      return window.webSockets.length;
    });
    await until('the page has connected again', () =>
      page.evaluate((before) => window.webSockets.length > before, opened),
    );
    await ana.untilSees('Ben');
    await ben.untilSees('Ana');
  }
  assertEqual(
    await page.evaluate(() => window.peerConnections.length),
    connections,
    'peer connections',
  );
  const states = await page.evaluate(() => window.statesSeen);
  assert(!states.includes('away'), `what the page said: ${states}`);
});
