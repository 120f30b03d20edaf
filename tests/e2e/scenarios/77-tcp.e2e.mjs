// Networks that let no UDP out: media goes to the server itself over TCP (RFC 6544).
import { openChromiumInside } from '../lib/chromium-inside.mjs';
import { ClientNetwork } from '../lib/client-network.mjs';
import { openFirefox } from '../lib/firefox.mjs';
import { HookPerson } from '../lib/hook-person.mjs';
import { startHookSite } from '../lib/hook-site.mjs';
import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const OUTSIDE = '10.231.11.1';
const INSIDE = '10.231.11.2';
const SIZE = { width: 320, height: 180 };
const FIREFOX_LIMIT_MS = 40_000;

async function prepare(stage) {
  const network = await ClientNetwork.open(stage, { outside: OUTSIDE, inside: INSIDE });
  const site = await startHookSite(OUTSIDE, OUTSIDE);
  stage.defer(() => site.close());
  const { origin } = await stage.site();
  const server = await stage.server({
    corsOrigin: `${origin},${site.origin}`,
    settings: { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: OUTSIDE },
  });
  return { network, site, server };
}

/** From now on only TCP leaves, to the page, the signaling and the port of media. */
async function blockUdp({ network, site, server }) {
  assert(await network.letsUdpOut(OUTSIDE), 'UDP would leave if it were not for the rules');
  await network.allowOnlyTcpTo([site.port, server.port, server.mediaPort]);
  assert(!(await network.letsUdpOut(OUTSIDE)), 'no UDP leaves');
}

async function enterFromInside(stage, { network, site, server }, userId) {
  const page = await openChromiumInside(stage, network.inside, site.origin);
  await page.goto(`${site.origin}/?client=newest`);
  await page.waitForFunction(() => window.hook !== undefined);
  const url = `http://${OUTSIDE}:${server.port}`;
  const person = await HookPerson.connect(page, server, { userId, url });
  return person.join({ video: SIZE });
}

async function assertProtocol(person, protocol) {
  for (const direction of ['send', 'recv']) {
    const { local, remote } = await person.call('pairOf', direction);
    const what = `${person.userId}'s ${direction} transport, ${JSON.stringify({ local, remote })}`;
    assertEqual([local?.protocol, remote?.candidateType], [protocol, 'host'], what);
  }
}

/** What the server says of the ways of one's transports. */
async function tuplesOf(person) {
  const { transports } = await person.page.evaluate(
    () =>
      new Promise((resolve) => {
        window.hook.socket.emit('get-participant-stats', resolve);
      }),
  );
  return transports.details.map(({ stats }) => stats[0].iceSelectedTuple?.protocol);
}

async function workerStats(server) {
  return (await server.stats()).workerStats[0];
}

test('two whose networks block UDP see and hear each other over TCP', async (stage) => {
  const place = await prepare(stage);
  await blockUdp(place);
  const started = performance.now();
  const ana = await enterFromInside(stage, place, 'ana');
  const ben = await enterFromInside(stage, place, 'ben');
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  console.log(`      both met after ${Math.round(performance.now() - started)} ms, two browsers started`);
  await assertProtocol(ana, 'tcp');
  await assertProtocol(ben, 'tcp');
  assertEqual(await tuplesOf(ana), ['tcp', 'tcp'], 'what the server says');
  const stats = await workerStats(place.server);
  assertEqual(stats.tcpConnections, 4, 'connections');
  assert(stats.tcpPacketsSent > 100, `sent over TCP: ${stats.tcpPacketsSent}`);
  assertEqual(stats.tcpPacketsDropped, 0, 'packets that found no room');
});

test('one over TCP and one over UDP see and hear each other', async (stage) => {
  const place = await prepare(stage);
  await blockUdp(place);
  const ana = await enterFromInside(stage, place, 'ana');
  const ben = await (await stage.person(place.server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  await assertProtocol(ana, 'tcp');
  await assertProtocol(ben, 'udp');
});

test(
  'Firefox, whose network blocks UDP, and Chromium see and hear each other',
  async (stage) => {
    const { network, site, server } = await prepare(stage);
    // A rule of routing would keep Firefox from finding out what address it has.
    await network.dropUdp();
    const page = await openFirefox(stage, network.inside, `${site.origin}/?client=newest`);
    await until('the page is ready', () => page.evaluate(() => window.hook !== undefined));
    const url = `http://${OUTSIDE}:${server.port}`;
    const fox = await HookPerson.connect(page, server, { userId: 'fox', url });
    const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
    await fox.call('join');
    await fox.call('produceAudio');
    // Firefox's fake camera has one size, which is not asked for.
    await page.evaluate(async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      await window.hook.produce('video', { track: stream.getVideoTracks()[0] });
    });
    await fox.untilSees(ben, { ...SIZE, limitMs: FIREFOX_LIMIT_MS });
    await fox.untilHears(ben);
    await ben.untilSees(fox, { limitMs: FIREFOX_LIMIT_MS });
    await ben.untilHears(fox);
    // One for each transport, and now and then one more on which Firefox still checks.
    const { tcpConnections } = await workerStats(server);
    assert(tcpConnections === 2 || tcpConnections === 3, `connections: ${tcpConnections}`);
    await assertProtocol(ben, 'udp');
  },
  { timeoutMs: 150_000 },
);

test('where a line over TCP is too slow for a picture, voices get through', async (stage) => {
  const place = await prepare(stage);
  await blockUdp(place);
  const ana = await enterFromInside(stage, place, 'ana');
  const ben = await (
    await stage.person(place.server, { userId: 'ben' })
  ).join({ video: { width: 1280, height: 720 } });
  await ana.untilMeets([ben]);
  await place.network.slowDown('600kbit');
  const untilDropped = (count) =>
    until(
      `${count} packets have found the way full`,
      async () => {
        const { tcpPacketsDropped } = await workerStats(place.server);
        return tcpPacketsDropped >= count || { met: false, tcpPacketsDropped };
      },
      40_000,
    );
  await untilDropped(100);
  const before = await ana.received(ben, 'audio');
  await untilDropped(600);
  const after = await ana.received(ben, 'audio');
  const lost = after.packetsLost - before.packetsLost;
  const all = after.packetsReceived - before.packetsReceived + lost;
  console.log(`      of ${all} packets of a voice ${lost} were lost`);
  assert(all > 50 && lost < all / 5, `of ${all} packets of a voice ${lost} were lost`);
});

test(
  'UDP that is blocked in mid-call is followed by TCP with the ICE restart that a client asks for',
  async (stage) => {
    const place = await prepare(stage);
    const ana = await enterFromInside(stage, place, 'ana');
    const ben = await (await stage.person(place.server, { userId: 'ben' })).join({ video: SIZE });
    await ana.untilMeets([ben], SIZE);
    await assertProtocol(ana, 'udp');
    await blockUdp(place);
    const blocked = performance.now();
    for (const direction of ['send', 'recv']) {
      await until(
        `the browser sees that its ${direction} transport has lost its way`,
        async () => {
          const state = await ana.page.evaluate(
            (which) => window.hook[which].connectionState,
            `${direction}Transport`,
          );
          return ['disconnected', 'failed'].includes(state) || { met: false, state };
        },
        30_000,
      );
    }
    const seen = performance.now();
    for (const direction of ['send', 'recv']) await ana.call('restartIce', direction);
    await until('both transports of ana are on TCP', async () => {
      const found = await tuplesOf(ana);
      return found.every((protocol) => protocol === 'tcp') || { met: false, found };
    });
    const moved = performance.now();
    console.log(
      `      seen ${Math.round(seen - blocked)} ms after UDP was blocked, on TCP ${Math.round(moved - seen)} ms later`,
    );
    await ana.untilMeets([ben], SIZE);
    await ben.untilMeets([ana], SIZE);
  },
  { timeoutMs: 120_000 },
);
