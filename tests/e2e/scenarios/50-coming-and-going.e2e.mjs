import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
const LATE_JOINER_LIMIT_MS = 10_000;

async function two(stage, server) {
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  return { ana, ben };
}

test('a late joiner sees everybody within seconds', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  const cleo = await stage.person(server, { userId: 'cleo' });
  const started = performance.now();
  await cleo.join({ audio: false, video: null });
  await until(
    'both pictures are there',
    async () => {
      const frames = await Promise.all([ana, ben].map((other) => cleo.received(other)));
      return frames.every((stats) => (stats?.framesDecoded ?? 0) > 0);
    },
    LATE_JOINER_LIMIT_MS,
  );
  const tookMs = performance.now() - started;
  assert(tookMs < LATE_JOINER_LIMIT_MS, `took ${tookMs} ms`);
});

test('somebody who leaves with leave-room is gone for the others, and is seen again after rejoining', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  await ben.call('closeMedia');
  const left = await ben.call('ask', 'leave-room', undefined, 'room-left');
  assertEqual(left, { roomId: 'room' }, 'the reply');
  await ana.untilEvent('participant-left', { participantId: 'ben' });
  await until('Ana has no consumers left', async () => (await ana.people()).length === 0);
  await ben.join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  assertEqual(
    await ana.events('participant-left', { participantId: 'ben' }),
    1,
    'times that Ben left',
  );
});

test('somebody whose page is closed is gone for the others at once', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  await ben.page.close({ runBeforeUnload: false });
  await ana.untilEvent('participant-left', { participantId: 'ben' });
  await until('the server has forgotten them', async () => {
    const { totalParticipants, totalProducers, totalConsumers } = await server.stats();
    return (
      (totalParticipants === 1 && totalProducers === 2 && totalConsumers === 0) || {
        met: false,
        totalParticipants,
        totalProducers,
        totalConsumers,
      }
    );
  });
});

test('a page that is reloaded is seen again', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  await ben.page.reload();
  await ben.page.waitForFunction(() => window.hook !== undefined);
  await ben.page.evaluate((given) => window.hook.connect(given), {
    url: server.url,
    token: server.token({ userId: 'ben' }),
    roomId: 'room',
  });
  await ben.join({ video: SIZE });
  await ben.untilMeets([ana], SIZE);
  await ana.untilMeets([ben], SIZE);
  assertEqual((await server.stats()).totalParticipants, 2, 'participants');
});

test('the demo page is back in its meeting after a reload, and after leaving and joining again', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, { name: 'Ana' });
  const ben = await stage.demoPerson(server, { name: 'Ben' });
  await ana.untilSees('Ben');
  await ben.page.reload();
  await ben.untilJoined();
  await ben.untilSees('Ana');
  await ana.untilSees('Ben');
  await ana.untilTiles(2);
  await ben.button('Leave the meeting').click();
  await ana.untilTiles(1);
  await ben.button('Join').click();
  await ben.untilJoined();
  await ana.untilSees('Ben');
  await ben.untilSees('Ana');
});

test('the same user joining twice replaces the first one, who is told', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  const again = await stage.person(server, { userId: 'ben' });
  await again.join({ video: SIZE });
  await ben.untilEvent('participant-replaced', { participantId: 'ben', roomId: 'room' });
  await ben.untilEvent('disconnect');
  await ana.untilEvent('participant-left', { participantId: 'ben' });
  await ana.untilEvent('participant-joined', { participantId: 'ben' }, 2);
  await ana.untilSees('ben', SIZE);
  await again.untilMeets([ana], SIZE);
  assertEqual((await server.stats()).totalParticipants, 2, 'participants');
});

test('the demo page says when another tab took its place', async (stage) => {
  const server = await stage.server();
  const token = server.token({ userId: 'ana', name: 'Ana' });
  const first = await stage.demoPerson(server, { name: 'Ana', token });
  await stage.demoPerson(server, { name: 'Ana', token });
  await first.page.getByText('somewhere else').waitFor();
});

test('two rooms do not hear each other', async (stage) => {
  const server = await stage.server();
  const people = {};
  for (const [userId, roomId] of [
    ['ana', 'blue'],
    ['ben', 'blue'],
    ['cleo', 'red'],
    ['dan', 'red'],
  ]) {
    people[userId] = await (await stage.person(server, { userId, roomId })).join({ video: SIZE });
  }
  const { ana, ben, cleo, dan } = people;
  await ana.untilMeets([ben], SIZE);
  await dan.untilMeets([cleo], SIZE);
  assertEqual(await ana.people(), ['ben'], 'whom Ana receives');
  assertEqual(await dan.people(), ['cleo'], 'whom Dan receives');
  for (const event of ['participant-joined', 'new-consumer', 'producer-state-changed']) {
    assertEqual(await ana.events(event, { participantId: 'dan' }), 0, `${event} about Dan`);
    assertEqual(await cleo.events(event, { participantId: 'ben' }), 0, `${event} about Ben`);
  }
});

test('joining a second room leaves the first', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await two(stage, server);
  await ben.call('closeMedia');
  await ben.page.evaluate(() => {
    window.hook.options.roomId = 'elsewhere';
  });
  await ben.join({ video: SIZE });
  await ana.untilEvent('participant-left', { participantId: 'ben' });
  const cleo = await (
    await stage.person(server, { userId: 'cleo', roomId: 'elsewhere' })
  ).join({ video: SIZE });
  await cleo.untilMeets([ben], SIZE);
});

test('several rooms on two workers each carry their call', async (stage) => {
  const server = await stage.server({ settings: { MEDIASOUP_NUM_WORKERS: '2' } });
  const rooms = [];
  for (const roomId of ['one', 'two', 'three']) {
    const a = await (
      await stage.person(server, { userId: `a-${roomId}`, roomId })
    ).join({ video: { width: 320, height: 180 } });
    const b = await (
      await stage.person(server, { userId: `b-${roomId}`, roomId })
    ).join({ video: { width: 320, height: 180 } });
    rooms.push([a, b]);
  }
  for (const [a, b] of rooms) {
    await a.untilMeets([b]);
    await b.untilMeets([a]);
    assertEqual(await a.people(), [b.userId], 'whom one receives');
  }
  const { workers, workerStats } = await server.stats();
  assertEqual(workers, 2, 'workers');
  assert(
    workerStats.every(({ routers }) => routers > 0),
    `rooms of the workers: ${JSON.stringify(workerStats)}`,
  );
});

test('one room on two workers is one meeting', async (stage) => {
  // Without a margin each newcomer goes to the worker that has less to do.
  const settings = { MEDIASOUP_NUM_WORKERS: '2', MEDIASOUP_SPREAD_MARGIN: '0' };
  const server = await stage.server({ settings });
  const { ana, ben } = await two(stage, server);
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  const { workerStats } = await server.stats();
  const shown = JSON.stringify(workerStats);
  assert(workerStats.every(({ transports }) => transports === 2), `who is where: ${shown}`);
  assert(workerStats.every(({ linkPackets }) => linkPackets > 0), `what crosses: ${shown}`);
  await ana.call('closeMedia');
  await ana.call('ask', 'leave-room', undefined, 'room-left');
  await ben.untilEvent('participant-left', { participantId: 'ana' });
  await until('Ben has no consumers left', async () => (await ben.people()).length === 0);
});
