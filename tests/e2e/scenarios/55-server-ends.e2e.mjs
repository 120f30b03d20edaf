import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
/** From the server's being up to pictures on every side. */
const BACK_LIMIT_MS = 5_000;

async function twoThatStartAnew(stage, server) {
  const people = [];
  for (const userId of ['ana', 'ben']) {
    const person = await stage.person(server, { userId, startsAnew: true });
    people.push(await person.join({ video: SIZE }));
  }
  const [ana, ben] = people;
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  return { ana, ben };
}

/** Until somebody has joined once more and sees somebody else. */
async function untilBack(person, other) {
  await person.untilEvent('router-rtp-capabilities', {}, 2);
  await person.untilSees(other, { limitMs: BACK_LIMIT_MS });
}

/** Starts the server again; how long after that all of these have seen new frames, in ms. */
async function timeUntilBack(server, looks) {
  await server.startAgain();
  const up = performance.now();
  await Promise.all(looks.map((look) => look()));
  const tookMs = performance.now() - up;
  console.log(`      back with media ${Math.round(tookMs)} ms after the server was up`);
  return tookMs;
}

test('a server that is killed and started again has its call back within 5 s of being up', async (stage) => {
  const server = await stage.server();
  const { ana, ben } = await twoThatStartAnew(stage, server);
  await server.die();
  await Promise.all([ana, ben].map((person) => person.untilEvent('disconnect')));
  const tookMs = await timeUntilBack(server, [
    () => untilBack(ana, ben),
    () => untilBack(ben, ana),
  ]);
  assert(tookMs < BACK_LIMIT_MS, `took ${tookMs} ms`);
  assertEqual((await server.stats()).totalParticipants, 2, 'participants');
});

for (const demo of [true, false]) {
  const tokens = demo ? 'of its own making' : 'of another';
  test(`the demo page comes back by itself after the server was killed, with tokens ${tokens}`, async (stage) => {
    const server = await stage.server({ demo });
    const token = (userId, name) => (demo ? undefined : server.token({ userId, name }));
    const ana = await stage.demoPerson(server, { name: 'Ana', token: token('ana', 'Ana') });
    const ben = await stage.demoPerson(server, { name: 'Ben', token: token('ben', 'Ben') });
    await ana.untilSees('Ben');
    await ben.untilSees('Ana');
    await server.die();
    await Promise.all(
      [ana, ben].map(({ page }) => page.locator('.call[data-state="away"]').waitFor()),
    );
    const tookMs = await timeUntilBack(server, [
      async () => {
        await ana.untilJoined();
        await ana.untilSees('Ben');
      },
      async () => {
        await ben.untilJoined();
        await ben.untilSees('Ana');
      },
    ]);
    assert(tookMs < BACK_LIMIT_MS, `took ${tookMs} ms`);
    await ana.untilTiles(2);
    await ana.untilHears(1);
  });
}

test('a server that drains keeps its call until people leave, and ends then', async (stage) => {
  const server = await stage.server({ settings: { DRAIN_SECONDS: '60' } });
  const { ana, ben } = await twoThatStartAnew(stage, server);
  server.drain();
  await Promise.all([ana, ben].map((person) => person.untilEvent('server-draining')));
  const health = await fetch(`${server.url}/health`);
  assertEqual([health.status, (await health.json()).status], [503, 'DRAINING'], 'health');
  await ana.untilSees(ben);
  await ben.untilSees(ana);
  const cleo = await stage.person(server, { userId: 'cleo' });
  await cleo.join({ audio: false, video: null });
  await cleo.untilSees(ana);
  server.mayEnd = true;
  for (const person of [ana, ben, cleo]) await person.page.close({ runBeforeUnload: false });
  assertEqual(await server.ended(), 0, 'exit status');
});

test('a call whose server ends at the deadline goes on within 5 s of the next one being up', async (stage) => {
  const server = await stage.server({ settings: { DRAIN_SECONDS: '1' } });
  const { ana, ben } = await twoThatStartAnew(stage, server);
  server.drain();
  assertEqual(await server.ended(), 0, 'exit status');
  const tookMs = await timeUntilBack(server, [
    () => untilBack(ana, ben),
    () => untilBack(ben, ana),
  ]);
  assert(tookMs < BACK_LIMIT_MS, `took ${tookMs} ms`);
  await until('both have been away once', async () => {
    const times = await Promise.all([ana, ben].map((person) => person.events('disconnect')));
    return times.every((count) => count === 1) || { met: false, times };
  });
});
