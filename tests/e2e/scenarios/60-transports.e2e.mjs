import { test } from '../lib/runner.mjs';
import { assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 320, height: 180 };

async function meetOver(stage, options) {
  const server = await stage.server();
  const ana = await (
    await stage.person(server, { userId: 'ana', ...options })
  ).join({ video: SIZE });
  const ben = await (
    await stage.person(server, { userId: 'ben', ...options })
  ).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  return ana;
}

function transportOf(person) {
  return person.page.evaluate(() => window.hook.socket.io.engine.transport.name);
}

test('a call works over WebSocket alone', async (stage) => {
  assertEqual(
    await transportOf(await meetOver(stage, { transports: ['websocket'] })),
    'websocket',
    'transport',
  );
});

test('a call works over polling alone', async (stage) => {
  const ana = await meetOver(stage, { transports: ['polling'], upgrade: false });
  assertEqual(await transportOf(ana), 'polling', 'transport');
});

test('a call that begins with polling goes on over WebSocket', async (stage) => {
  const ana = await meetOver(stage, { transports: ['polling', 'websocket'] });
  await until('the transport is upgraded', async () => (await transportOf(ana)) === 'websocket');
  assertEqual(await ana.events('disconnect'), 0, 'disconnects');
});
