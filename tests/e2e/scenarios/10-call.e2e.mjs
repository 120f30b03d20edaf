import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };

async function threeMeet(stage, server, options = {}) {
  const people = [];
  for (const userId of ['ana', 'ben', 'cleo']) {
    const person = await stage.person(server, { userId, ...options });
    people.push(await person.join({ video: SIZE }));
  }
  for (const person of people) {
    await person.untilMeets(
      people.filter((other) => other !== person),
      SIZE,
    );
  }
  return people;
}

test('three on the small page each see and hear the two others', async (stage) => {
  const server = await stage.server();
  const [ana] = await threeMeet(stage, server);
  const stats = await server.stats();
  assertEqual(stats.totalParticipants, 3, 'participants in /stats');
  assertEqual(stats.totalProducers, 6, 'producers in /stats');
  assertEqual(stats.totalConsumers, 12, 'consumers in /stats');
  assertEqual(await ana.events('participant-joined'), 2, 'people that Ana saw joining');
  assertEqual(await ana.events('existing-participants'), 1, 'times that Ana was told who is there');
});

test('three with the mediasoup-client that MeetLite uses each see and hear the two others', async (stage) => {
  await threeMeet(stage, await stage.server(), { client: 'old' });
});

test('three on the demo page each see and hear the two others', async (stage) => {
  const server = await stage.server({ demo: true });
  const names = ['Ana Ruiz', 'Ben', 'Cleo'];
  const people = [];
  for (const name of names) people.push(await stage.demoPerson(server, { name }));
  for (const person of people) {
    await person.untilTiles(3);
    for (const name of names.filter((other) => other !== person.name)) {
      await person.untilSees(name, { limitMs: 40_000 });
    }
    await person.untilHears(2);
  }
});

test('the demo page and the small page meet in one room', async (stage) => {
  const server = await stage.server();
  const dana = await stage.demoPerson(server, {
    name: 'Dana',
    token: server.token({ userId: 'dana', name: 'Dana' }),
  });
  const ben = await (
    await stage.person(server, { userId: 'ben', name: 'Ben' })
  ).join({ video: SIZE });
  await ben.untilMeets(['dana']);
  await dana.untilSees('Ben', SIZE);
  await dana.untilHears(1);
});

test('whoever speaks is marked on the demo page', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, { name: 'Ana' });
  await stage.demoPerson(server, { name: 'Ben' });
  await ana.tile('Ben').and(ana.page.locator('[data-speaking]')).waitFor({ timeout: 20_000 });
});

test('muting and switching the camera off show on the other demo page, and end again', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, { name: 'Ana' });
  const ben = await stage.demoPerson(server, { name: 'Ben' });
  await ana.untilSees('Ben');
  await ben.page.keyboard.press('m');
  await ana.tile('Ben').and(ana.page.locator('[data-muted]')).waitFor();
  await ben.button(/Camera: turn off/).click();
  await ana.tile('Ben').and(ana.page.locator(':not([data-video])')).waitFor();
  await ben.page.keyboard.press('m');
  await ana.tile('Ben').and(ana.page.locator(':not([data-muted])')).waitFor();
  await ben.page.keyboard.press('v');
  await ana.tile('Ben').and(ana.page.locator('[data-video]')).waitFor();
  await ana.untilSees('Ben');
});

test('a screen shared on the demo page gets the stage of the other one, until it is stopped', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, { name: 'Ana' });
  const ben = await stage.demoPerson(server, { name: 'Ben' });
  await ana.untilSees('Ben');
  await ben.button(/Share your screen/).click();
  await ana.page.locator('.stage .tile[data-kind="screen"]').waitFor();
  await ana.untilSees('Ben', { kind: 'screen' });
  await ana.untilSees('Ben');
  await ben.button(/Stop sharing/).click();
  await until(
    'the stage is gone',
    async () => (await ana.page.locator('.stage .tile').count()) === 0,
  );
});

test('a refused camera still lets one join the demo page, and says so', async (stage) => {
  const server = await stage.server({ demo: true });
  const page = await stage.page();
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('refused', 'NotAllowedError');
    };
  });
  await page.goto(`${server.localUrl}/?room=room`);
  await page.getByText('Camera is blocked').waitFor();
  await page.getByLabel('Your name').fill('Watcher');
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.locator('.call[data-state="joined"]').waitFor();
  const ben = await stage.demoPerson(server, { name: 'Ben' });
  await ben.untilTiles(2);
  await until('the watcher sees Ben', async () =>
    page
      .locator('.tile[data-video] video')
      .first()
      .evaluate((video) => video.videoWidth > 0),
  );
});

test('the demo page says that the server is away and joins anew when it is back', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, { name: 'Ana' });
  const ben = await stage.demoPerson(server, { name: 'Ben' });
  await ana.untilSees('Ben');
  server.mayEnd = true;
  await server.stop();
  await ana.page.getByText(/Connection lost|restarting/).waitFor();
  await stage.server({ demo: true, port: server.port });
  await ana.untilJoined();
  await ben.untilJoined();
  await ana.untilTiles(2);
  await ana.untilSees('Ben');
  await ben.untilSees('Ana');
});

test('a bad token is refused with its code, and the demo page asks for another', async (stage) => {
  const server = await stage.server();
  const { origin } = await stage.site();
  const page = await stage.page();
  await page.goto(origin);
  const refusal = async (token) =>
    page.evaluate(
      ([url, given]) =>
        window.hook.connect({ url, token: given, roomId: 'room' }).then(
          () => 'let in',
          (error) => error.message,
        ),
      [server.url, token],
    );
  assertEqual(
    await refusal('nonsense'),
    'Authentication failed {"code":"token_invalid"}',
    'nonsense',
  );
  assertEqual(
    await refusal(undefined),
    'Authentication failed {"code":"token_missing"}',
    'no token',
  );
  const expired = server.token({ userId: 'late', exp: 1_000_000 });
  assertEqual(
    await refusal(expired),
    'Authentication failed {"code":"token_expired"}',
    'an expired token',
  );
  const demo = await stage.page();
  await demo.goto(`${server.localUrl}/?room=room&token=${expired}`);
  await demo.getByLabel('Your name').fill('Late');
  await demo.getByRole('button', { name: 'Join', exact: true }).click();
  await demo.getByText(/has expired/).waitFor();
  assert(await demo.getByLabel('Access token').isVisible(), 'the page asks for another token');
});

test('without a token a server outside demo mode gives none, and the demo page asks for one', async (stage) => {
  const server = await stage.server();
  assertEqual(
    (await fetch(`${server.url}/demo/token`, { method: 'POST', body: '{"name":"Eve"}' })).status,
    404,
    'status',
  );
  const page = await stage.page();
  await page.goto(`${server.localUrl}/?room=room`);
  await page.getByLabel('Your name').fill('Ana');
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByLabel('Access token').fill(server.token({ userId: 'ana', name: 'Ana' }));
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.locator('.call[data-state="joined"]').waitFor();
});
