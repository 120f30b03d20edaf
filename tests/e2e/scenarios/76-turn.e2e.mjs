// Networks that let no UDP out: a TURN server takes TCP there and speaks UDP with this server.
import { openChromiumInside } from '../lib/chromium-inside.mjs';
import { ClientNetwork } from '../lib/client-network.mjs';
import { meetOnDemoPage } from '../lib/demo-meeting.mjs';
import { HookPerson } from '../lib/hook-person.mjs';
import { startHookSite } from '../lib/hook-site.mjs';
import { test } from '../lib/runner.mjs';
import { startTurn } from '../lib/turn.mjs';
import { assert, assertEqual } from '../lib/until.mjs';

const OUTSIDE = '10.231.9.1';
const INSIDE = '10.231.9.2';
const TURN_SECRET = 'bridge-over-the-river-77';
const SIZE = { width: 320, height: 180 };

/** A client's network out of which only TCP comes, to the page, the signaling and coturn. */
async function prepare(stage) {
  const network = await ClientNetwork.open(stage, { outside: OUTSIDE, inside: INSIDE });
  const turn = await startTurn(stage, { address: OUTSIDE, secret: TURN_SECRET });
  const site = await startHookSite(OUTSIDE, OUTSIDE);
  stage.defer(() => site.close());
  const { origin } = await stage.site();
  const server = await stage.server({
    corsOrigin: `${origin},${site.origin}`,
    settings: {
      MEDIASOUP_LISTEN_IP: '0.0.0.0',
      MEDIASOUP_ANNOUNCED_IP: OUTSIDE,
      ICE_SERVERS: `turn:${OUTSIDE}:${turn.port}?transport=tcp`,
      TURN_SECRET,
    },
  });
  assert(await network.letsUdpOut(OUTSIDE), 'UDP would leave if it were not for the rules');
  await network.allowOnlyTcpTo([site.port, server.port, turn.port]);
  assert(!(await network.letsUdpOut(OUTSIDE)), 'no UDP leaves');
  return { network, turn, site, server, url: `http://${OUTSIDE}:${server.port}` };
}

function assertThroughTurn({ local }, what) {
  assertEqual(
    [local?.candidateType, local?.relayProtocol],
    ['relay', 'tcp'],
    `the way of ${what}, ${JSON.stringify(local)}`,
  );
}

test('where UDP is blocked a call goes through coturn over TCP, with credentials that are good for a while', async (stage) => {
  const { network, turn, site, server, url } = await prepare(stage);
  const page = await openChromiumInside(stage, network.inside, site.origin);
  await page.goto(`${site.origin}/?client=newest`);
  await page.waitForFunction(() => window.hook !== undefined);
  const ana = await HookPerson.connect(page, server, { userId: 'ana', url });
  await ana.join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  for (const direction of ['send', 'recv']) {
    assertThroughTurn(await ana.call('pairOf', direction), direction);
  }
  const [entry] = await page.evaluate(() => window.hook.sendTransport.created.iceServers);
  const [expires, user] = entry.username.split(':');
  assertEqual(user, 'ana', 'whose credentials they are');
  const left = Number(expires) - Date.now() / 1000;
  assert(left > 43_000 && left <= 43_200, `they are good for ${left} s`);
  assert(turn.log.includes(`user <${entry.username}>`), 'coturn knows the user by this name');
  for (const log of [server.log, JSON.stringify(await server.stats())]) {
    assert(!log.includes(TURN_SECRET), 'the secret is shown nowhere');
    assert(!log.includes(entry.credential), 'a credential is shown to nobody else');
  }
});

test('the demo page finds the way through TURN by itself', async (stage) => {
  const { network, server, url } = await prepare(stage);
  const page = await openChromiumInside(stage, network.inside, url);
  await meetOnDemoPage(stage, server, page, url);
  const kinds = await page.evaluate(async () => {
    const found = [];
    for (const connection of window.peerConnections) {
      const reports = await connection.getStats();
      for (const own of reports.values()) {
        if (own.type !== 'transport' || own.selectedCandidatePairId === undefined) continue;
        const pair = reports.get(own.selectedCandidatePairId);
        found.push(reports.get(pair.localCandidateId).candidateType);
      }
    }
    return found;
  });
  assertEqual(kinds, ['relay', 'relay'], 'the ways of the page');
});
