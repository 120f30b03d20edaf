import { test } from '../lib/runner.mjs';
import { withExtraAddress } from '../lib/network.mjs';
import { assert, assertEqual } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
const EXTRA = '10.231.7.1';

async function meetAt(stage, settings) {
  const server = await stage.server({ settings });
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  return ana.page.evaluate(() => window.hook.sendTransport.created.iceCandidates);
}

function shapes(candidates) {
  for (const { ip, address, protocol, type, port } of candidates) {
    assertEqual(address, ip, 'ip and address');
    assertEqual([protocol, type], ['udp', 'host'], 'the kind of candidate');
    assert(port > 0, 'a port');
  }
  return candidates.map(({ ip }) => ip);
}

test('the local settings that MeetLite documents carry a call', async (stage) => {
  const candidates = await meetAt(stage, { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: '127.0.0.1' });
  assertEqual(shapes(candidates), ['127.0.0.1'], 'what is announced');
});

test('another announced address, as in production, carries a call', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: EXTRA });
  assertEqual(shapes(candidates), [EXTRA], 'what is announced');
});

test('a wildcard listener without an announced address announces those that work', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, { MEDIASOUP_LISTEN_IP: '0.0.0.0', MEDIASOUP_ANNOUNCED_IP: undefined });
  const addresses = shapes(candidates);
  assert(addresses.includes(EXTRA), `announced: ${addresses}`);
  assert(!addresses.includes('0.0.0.0'), 'the wildcard itself is no address');
});

test('a listener on one address of several carries a call', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, { MEDIASOUP_LISTEN_IP: EXTRA, MEDIASOUP_ANNOUNCED_IP: undefined });
  assertEqual(shapes(candidates), [EXTRA], 'what is announced');
});
