import { test } from '../lib/runner.mjs';
import { assertEqual, until, untilStill } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
const SCREEN = { width: 1000, height: 600 };

async function two(stage, options = {}) {
  const server = await stage.server();
  const ana = await (
    await stage.person(server, { userId: 'ana' })
  ).join({ video: SIZE, ...options });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ben.untilSees(ana, SIZE);
  return { server, ana, ben };
}

test('a shared screen comes beside the camera, as a consumer of its own', async (stage) => {
  const { ana, ben } = await two(stage);
  await ana.call('produceScreen', SCREEN);
  await ben.untilSees(ana, { mediaType: 'screen-video', ...SCREEN });
  await ben.untilSees(ana, SIZE);
  const screen = await ben.consumerOf(ana, 'screen-video');
  assertEqual(
    [screen.kind, screen.mediaType, screen.appData.screen, screen.appData.mediaType],
    ['video', 'screen-video', true, 'screen-video'],
    'how the consumer is announced',
  );
  await ana.emit('close-producer', { kind: 'screen-video' });
  await ben.untilEvent('consumer-closed', { consumerId: screen.consumerId });
  await ben.untilEvent('consumer-producer-closed', {
    participantId: 'ana',
    producerId: screen.producerId,
  });
  await ben.untilSees(ana, SIZE);
});

test('somebody who joins later sees a running screen share', async (stage) => {
  const { server, ana } = await two(stage);
  await ana.call('produceScreen', SCREEN);
  const cleo = await (
    await stage.person(server, { userId: 'cleo' })
  ).join({ audio: false, video: null });
  await cleo.untilSees(ana, { mediaType: 'screen-video', ...SCREEN });
  await cleo.untilSees(ana, SIZE);
});

test('frames stop while a producer is paused, go on after it, and everybody is told', async (stage) => {
  const { ana, ben } = await two(stage);
  const { consumerId } = await ben.consumerOf(ana);
  await ana.emit('pause-producer', { kind: 'video' });
  await ben.untilEvent('consumer-producer-paused', { consumerId });
  await ben.untilEvent('producer-state-changed', {
    participantId: 'ana',
    kind: 'video',
    data: true,
  });
  await untilStill('frames of a paused producer', () => ben.framesOf(ana));
  await ana.emit('resume-producer', { kind: 'video' });
  await ben.untilEvent('consumer-producer-resumed', { consumerId });
  await ben.untilEvent('producer-state-changed', {
    participantId: 'ana',
    kind: 'video',
    data: false,
  });
  await ben.untilSees(ana, SIZE);
});

test('somebody who joins while a producer is paused is told, and sees it once it goes on', async (stage) => {
  const { server, ana, ben } = await two(stage);
  await ana.emit('pause-producer', { kind: 'video' });
  await ben.untilEvent('consumer-producer-paused');
  const cleo = await (
    await stage.person(server, { userId: 'cleo' })
  ).join({ audio: false, video: null });
  await cleo.untilEvent('new-consumer', { participantId: 'ana', mediaType: 'video' });
  const { producerPaused } = await cleo.consumerOf(ana);
  assertEqual(producerPaused, true, 'producerPaused');
  await ana.emit('resume-producer', { kind: 'video' });
  await cleo.untilSees(ana, SIZE);
});

test('frames stop while a consumer is paused and go on after it, for nobody else', async (stage) => {
  const { server, ana, ben } = await two(stage);
  const cleo = await (
    await stage.person(server, { userId: 'cleo' })
  ).join({ audio: false, video: null });
  await cleo.untilSees(ana, SIZE);
  const { consumerId } = await ben.consumerOf(ana);
  const paused = await ben.call('ask', 'pause-consumer', { consumerId }, 'consumer-paused');
  assertEqual(paused, { consumerId, participantId: 'ana', kind: 'video' }, 'the reply');
  await untilStill('frames of a paused consumer', () => ben.framesOf(ana));
  await cleo.untilSees(ana, SIZE);
  await ben.call('ask', 'resume-consumer', { consumerId }, 'consumer-resumed');
  await ben.untilSees(ana, SIZE);
});

test(
  'a consumer that was never resumed gets nothing, and the log says so',
  async (stage) => {
    const server = await stage.server();
    const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
    const ben = await (
      await stage.person(server, { userId: 'ben', resume: false })
    ).join({ video: null, audio: false });
    await ben.untilEvent('new-consumer', { participantId: 'ana', mediaType: 'video' });
    const { consumerId } = await ben.consumerOf(ana);
    await until('the log names the consumer that nobody resumed', () =>
      server.log.split('\n').some((line) => line.includes(consumerId) && /resum/i.test(line)),
    );
    const stats = await ben.received(ana, 'video');
    assertEqual(stats?.packetsReceived ?? 0, 0, 'packets');
  },
  { mostlyWaits: true },
);

test('a muted microphone is silent to the others', async (stage) => {
  const { ana, ben } = await two(stage);
  await ben.untilHears(ana);
  await ana.emit('pause-producer', { kind: 'audio' });
  await ben.untilEvent('consumer-producer-paused');
  await untilStill(
    'packets of a muted microphone',
    async () => (await ben.received(ana, 'audio')).packetsReceived,
  );
});

test('a producer that is made again replaces the old one, and viewers see the new', async (stage) => {
  const { ana, ben } = await two(stage);
  const old = await ben.consumerOf(ana);
  await ana.call('produceVideo', { width: 320, height: 180 });
  await ben.untilEvent('consumer-closed', { consumerId: old.consumerId });
  await ben.untilSees(ana, { width: 320, height: 180 });
});
