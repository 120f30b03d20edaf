import { test } from '../lib/runner.mjs';
import { freeUdpRange } from '../lib/ports.mjs';
import { withExtraAddress } from '../lib/network.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
const EXTRA = '10.231.7.1';
const ELSEWHERE = '10.231.6.1';
const NOBODY = '10.231.6.99';
const EXTRA_V6 = 'fd12:3456:789a::1';

async function meetAt(stage, settings) {
  const server = await stage.server({ settings });
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  return ana.page.evaluate(() => window.hook.sendTransport.created.iceCandidates);
}

/** The addresses, each of which is announced for UDP and for TCP. */
function shapes(candidates) {
  const ips = { udp: [], tcp: [] };
  for (const { ip, address, protocol, type, port, tcpType } of candidates) {
    assertEqual(address, ip, 'ip and address');
    assertEqual(type, 'host', 'the kind of candidate');
    assertEqual(tcpType, protocol === 'tcp' ? 'passive' : undefined, `tcpType of ${protocol}`);
    assert(port > 0, 'a port');
    ips[protocol].push(ip);
  }
  assertEqual(ips.tcp, ips.udp, 'what is announced for TCP and for UDP');
  return ips.udp;
}

test('the local settings that MeetLite documents carry a call', async (stage) => {
  const candidates = await meetAt(stage, {
    MEDIASOUP_LISTEN_IP: '0.0.0.0',
    MEDIASOUP_ANNOUNCED_IP: '127.0.0.1',
  });
  assertEqual(shapes(candidates), ['127.0.0.1'], 'what is announced');
});

test('another announced address, as in production, carries a call', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, {
    MEDIASOUP_LISTEN_IP: '0.0.0.0',
    MEDIASOUP_ANNOUNCED_IP: EXTRA,
  });
  assertEqual(shapes(candidates), [EXTRA], 'what is announced');
});

test('a wildcard listener without an announced address announces those that work', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, {
    MEDIASOUP_LISTEN_IP: '0.0.0.0',
    MEDIASOUP_ANNOUNCED_IP: undefined,
  });
  const addresses = shapes(candidates);
  assert(addresses.includes(EXTRA), `announced: ${addresses}`);
  assert(!addresses.includes('0.0.0.0'), 'the wildcard itself is no address');
});

test('a listener on one address of several carries a call', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, {
    MEDIASOUP_LISTEN_IP: EXTRA,
    MEDIASOUP_ANNOUNCED_IP: undefined,
  });
  assertEqual(shapes(candidates), [EXTRA], 'what is announced');
});

test('media over IPv6 alone carries a call', async (stage) => {
  await withExtraAddress(stage, EXTRA_V6);
  const candidates = await meetAt(stage, {
    MEDIASOUP_LISTEN_IP: EXTRA_V6,
    MEDIASOUP_ANNOUNCED_IP: undefined,
  });
  assertEqual(shapes(candidates), [EXTRA_V6], 'what is announced');
});

test('a list of listen addresses announces each of them, and carries a call', async (stage) => {
  await withExtraAddress(stage, EXTRA);
  const candidates = await meetAt(stage, {
    MEDIASOUP_LISTEN_IP: `${EXTRA},127.0.0.1`,
    MEDIASOUP_ANNOUNCED_IP: undefined,
  });
  assertEqual(shapes(candidates).sort(), [EXTRA, '127.0.0.1'].sort(), 'what is announced');
});

test(
  'a call that cannot connect says why in one line of the log, with the candidate that nobody reached',
  async (stage) => {
    const server = await stage.server({
      settings: { MEDIASOUP_LISTEN_IP: '127.0.0.1', MEDIASOUP_ANNOUNCED_IP: undefined },
    });
    const nowhere = await freeUdpRange(1);
    const ana = await stage.person(server, { userId: 'ana', detour: { send: nowhere } });
    await ana.call('join');
    await ana.call('produceAudio');
    await until(
      'a line names the candidate',
      () =>
        server.log
          .split('\n')
          .some(
            (line) =>
              line.includes('does not connect') && line.includes(`127.0.0.1:${server.mediaPort}`),
          ),
      40_000,
    );
  },
  { mostlyWaits: true },
);

test(
  'a call that cannot connect says so too where the announced address is another machine’s',
  async (stage) => {
    await withExtraAddress(stage, ELSEWHERE);
    const server = await stage.server({ settings: { MEDIASOUP_ANNOUNCED_IP: NOBODY } });
    const ana = await stage.person(server, { userId: 'ana' });
    await ana.call('join');
    await ana.call('produceAudio');
    await until(
      'a line says so',
      () => /does not connect: ICE: no valid check/.test(server.log),
      40_000,
    );
  },
  { mostlyWaits: true },
);
