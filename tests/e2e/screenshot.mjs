#!/usr/bin/env node
// Takes the README's picture of a running meeting: a real server, real pages, drawn people.
//   node screenshot.mjs [FILE]     docs/pictures/meeting.png if none is named
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeBrowsers } from './lib/browser.mjs';
import { Stage } from './lib/stage.mjs';
import { until } from './lib/until.mjs';

const FILE =
  process.argv[2] ?? fileURLToPath(new URL('../../docs/pictures/meeting.png', import.meta.url));
const OTHERS = [
  'Kwame Boateng',
  'Freya Lindqvist',
  'Mateus Rocha',
  'Harold Finch',
  'Tunde Adeyemi',
  'Priya Raman',
  'Sofia Marchetti',
  'Jonas Weber',
];
const SPEAKER = 'Freya Lindqvist';
const MUTED = ['Mateus Rocha', 'Sofia Marchetti'];
const CAMERA_OFF = 'Jonas Weber';
const ROOM = 'design-review';
const SIZE = [640, 360];

async function drawnPerson(stage, server, name, which) {
  const userId = name.split(' ')[0].toLowerCase();
  const person = await stage.person(server, { userId, name, roomId: ROOM });
  await person.page.addScriptTag({ url: '/portraits-newest.js' });
  await person.call('join');
  await person.page.evaluate(
    async ([number, size, camera, microphone, speaks]) => {
      if (camera)
        await window.hook.produce('video', { track: window.drawnCamera(number, ...size) });
      if (microphone) await window.hook.produce('audio', { track: window.hummedVoice(speaks) });
    },
    [which, SIZE, name !== CAMERA_OFF, !MUTED.includes(name), name === SPEAKER],
  );
  return person;
}

const stage = new Stage();
try {
  const server = await stage.server();
  const viewer = await stage.page({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    deviceScaleFactor: 1.25,
  });
  // The one who takes the picture has a drawn camera too, in place of the fake one's test card.
  const { origin } = await stage.site();
  const drawing = await (await fetch(`${origin}/portraits-newest.js`)).text();
  await viewer.addInitScript(drawing);
  await viewer.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () =>
      new MediaStream([window.drawnCamera(0, 640, 360), window.hummedVoice(false)]);
  });
  await viewer.goto(
    `${server.localUrl}/?room=${ROOM}&token=${server.token({ userId: 'ines', name: 'Ines Alvarez' })}`,
  );
  await viewer.getByLabel('Your name').fill('Ines Alvarez');
  await viewer.getByRole('button', { name: 'Join', exact: true }).click();
  await viewer.locator('.call[data-state="joined"]').waitFor();
  for (const [i, name] of OTHERS.entries()) await drawnPerson(stage, server, name, i + 1);
  await until(
    'everybody is to be seen and the speaker is marked',
    async () => {
      const playing = await viewer
        .locator('.tile[data-video] video')
        .evaluateAll((videos) => videos.filter((video) => video.videoWidth >= 640).length);
      const speaking = await viewer.locator('.tile[data-speaking]').count();
      const toasts = await viewer.locator('.toast').count();
      return (
        (playing === OTHERS.length && speaking === 1 && toasts === 0) || {
          met: false,
          playing,
          speaking,
          toasts,
        }
      );
    },
    40_000,
  );
  await viewer.mouse.move(0, 0);
  await mkdir(dirname(FILE), { recursive: true });
  await viewer.screenshot({ path: FILE });
  console.log(`${FILE}: ${Math.round((await stat(FILE)).size / 1024)} KB`);
} finally {
  await stage.close();
  await closeBrowsers();
}
