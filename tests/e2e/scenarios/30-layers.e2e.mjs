import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until, untilGrows } from '../lib/until.mjs';

const HD = { width: 1280, height: 720 };
const SIMULCAST = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_800_000, scalabilityMode: 'L1T3' },
];
const SLOW_MS = 40_000;

async function publisherAndViewer(stage, video) {
  const server = await stage.server();
  const ana = await (
    await stage.person(server, { userId: 'ana' })
  ).join({ audio: false, video: { ...HD, ...video } });
  const ben = await (
    await stage.person(server, { userId: 'ben' })
  ).join({ audio: false, video: null });
  await ben.untilSees(ana, { limitMs: SLOW_MS });
  return { server, ana, ben };
}

async function preferred(person, of, spatialLayer, temporalLayer) {
  const { consumerId } = await person.consumerOf(of);
  const payload = {
    consumerId,
    spatialLayer,
    ...(temporalLayer === undefined ? {} : { temporalLayer }),
  };
  return person.call('ask', 'set-preferred-layers', payload, 'preferred-layers-set');
}

test('a viewer of three simulcast layers gets the highest, a lower one when it asks, and the highest back', async (stage) => {
  const { ana, ben } = await publisherAndViewer(stage, { encodings: SIMULCAST });
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
  const before = await ben.consumerOf(ana);
  const lowest = await preferred(ben, ana, 0);
  assertEqual(lowest.spatialLayer, 0, 'the layer that the server says');
  await ben.untilSize(ana, 320, 180, 'video', SLOW_MS);
  await preferred(ben, ana, 1);
  await ben.untilSize(ana, 640, 360, 'video', SLOW_MS);
  const highest = await preferred(ben, ana, 9);
  assertEqual(highest.spatialLayer, 2, 'a wish above the highest layer is clamped');
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
  const after = await ben.consumerOf(ana);
  assertEqual(after.consumerId, before.consumerId, 'one consumer through all switches');
  const { rtpParameters } = after;
  assertEqual(rtpParameters.encodings.length, 1, 'encodings that the viewer sees');
});

test('pictures go on without a break while a viewer changes layers', async (stage) => {
  const { ana, ben } = await publisherAndViewer(stage, { encodings: SIMULCAST });
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
  for (const layer of [0, 2, 1, 2]) {
    await preferred(ben, ana, layer);
    await untilGrows(`frames after asking for layer ${layer}`, () => ben.framesOf(ana), 20);
  }
  const stats = await ben.received(ana);
  assert(stats.framesDecoded > 80, `all decoded: ${stats.framesDecoded}`);
  assert(stats.pliCount < 20, `key frames asked for: ${stats.pliCount}`);
});

test('a simulcast sender whose highest layer stops is seen in the next lower, and whole when it returns', async (stage) => {
  const { ana, ben } = await publisherAndViewer(stage, { encodings: SIMULCAST });
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
  await ana.page.evaluate(() => window.hook.producers.get('video').setMaxSpatialLayer(0));
  await ben.untilSize(ana, 320, 180, 'video', SLOW_MS);
  await ben.untilSees(ana);
  await ana.page.evaluate(() => window.hook.producers.get('video').setMaxSpatialLayer(2));
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
});

test('the demo page sends three layers and its viewer gets the one that fits the tile', async (stage) => {
  const server = await stage.server({ demo: true });
  const ana = await stage.demoPerson(server, {
    name: 'Ana',
    viewport: { width: 1440, height: 900 },
  });
  const ben = await stage.demoPerson(server, {
    name: 'Ben',
    viewport: { width: 320, height: 320 },
  });
  await ana.untilSees('Ben', { ...HD, limitMs: SLOW_MS });
  await until(
    'the small window gets a lower layer',
    async () => {
      const width = await ben
        .tile('Ana')
        .locator('video')
        .evaluate((video) => video.videoWidth);
      return (width > 0 && width <= 640) || { met: false, width };
    },
    SLOW_MS,
  );
});

test('H264 in three simulcast layers is seen whole', async (stage) => {
  const { ana, ben } = await publisherAndViewer(stage, {
    codec: 'video/H264',
    profile: '42e01f',
    encodings: SIMULCAST.map(({ scalabilityMode, ...rest }) => ({
      ...rest,
      scalabilityMode: 'L1T1',
    })),
  });
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
});

test('a VP9 sender of three spatial layers in one stream (L3T3_KEY) is seen', async (stage) => {
  const { ana, ben } = await publisherAndViewer(stage, {
    codec: 'video/VP9',
    profile: '0',
    encodings: [{ scalabilityMode: 'L3T3_KEY', maxBitrate: 2_000_000 }],
  });
  await ben.untilSize(ana, 1280, 720, 'video', SLOW_MS);
});

test('an AV1 sender of three spatial layers in one stream (L3T3) is seen', async (stage) => {
  const { ana, ben } = await publisherAndViewer(stage, {
    codec: 'video/AV1',
    width: 640,
    height: 360,
    encodings: [{ scalabilityMode: 'L3T3', maxBitrate: 1_500_000 }],
  });
  await ben.untilSize(ana, 640, 360, 'video', SLOW_MS);
});
