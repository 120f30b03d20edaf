// What a real call looks like in statistics, scores and audio levels.
import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };
const AUDIO_BITRATE = [3_000, 200_000];
const VIDEO_BITRATE = [20_000, 5_000_000];

async function pairMeets(stage) {
  const server = await stage.server();
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilMeets([ana], SIZE);
  return { server, ana, ben };
}

/** All payloads of an event that a person has heard. */
function payloads(person, event) {
  return person.page.evaluate(
    (name) => window.hook.events.filter((one) => one.event === name).map(({ payload, at }) => ({ payload, at })),
    event,
  );
}

const stats = (person) =>
  person.page.evaluate(() => window.hook.socket.timeout(5000).emitWithAck('get-participant-stats'));

function within(value, [low, high], what) {
  assert(value >= low && value <= high, `${what} is ${value}, not ${low} to ${high}`);
}

test('the beeps of a microphone are heard as audio levels and make an active speaker', async (stage) => {
  const { ana, ben } = await pairMeets(stage);
  for (const person of [ana, ben]) {
    await until(`${person.userId} is told of both voices`, async () => {
      const levels = (await payloads(person, 'audio-levels')).flatMap(({ payload }) => payload.levels);
      const heard = new Set(levels.map(({ participantId }) => participantId));
      return (heard.has('ana') && heard.has('ben')) || { met: false, heard: [...heard] };
    });
    await until(`${person.userId} is told who speaks`, async () => {
      const speakers = (await payloads(person, 'active-speaker')).map(({ payload }) => payload?.participantId ?? null);
      return speakers.some((id) => id === 'ana' || id === 'ben') || { met: false, speakers };
    });
    const told = await payloads(person, 'audio-levels');
    for (const { payload } of told)
      for (const { participantId, volume } of payload.levels) {
        assert(participantId === 'ana' || participantId === 'ben', `a level of ${participantId}`);
        within(volume, [-127, 0], 'a volume');
        assert(Number.isInteger(volume), `a volume of ${volume}`);
      }
    const loudest = Math.max(...told.flatMap(({ payload }) => payload.levels.map(({ volume }) => volume)));
    assert(loudest > -60, `the loudest beep was ${loudest} dBov`);
    const span = told.at(-1).at - told[0].at;
    assert(told.length - 1 <= span / 295, `${told.length} events in ${span} ms`);
  }
});

test('a microphone that is paused is no longer heard', async (stage) => {
  const { ana, ben } = await pairMeets(stage);
  await ana.emit('pause-producer', { kind: 'audio' });
  await ben.untilEvent('producer-state-changed', { kind: 'audio', data: true });
  const from = (await payloads(ben, 'audio-levels')).length;
  await until('Ben is told of his own voice three times more', async () => {
    const levels = (await payloads(ben, 'audio-levels')).slice(from).flatMap(({ payload }) => payload.levels);
    assert(!levels.some(({ participantId }) => participantId === 'ana'), 'Ana is heard');
    return levels.length >= 3 || { met: false, levels };
  });
});

test('a call without loss has the best scores, told to owner and viewer', async (stage) => {
  const { ana, ben } = await pairMeets(stage);
  for (const person of [ana, ben]) {
    await person.untilEvent('producer-score', {}, 2);
    await person.untilEvent('consumer-score', {}, 2);
    for (const { payload } of await payloads(person, 'producer-score'))
      for (const { score } of payload.scores) within(score, [8, 10], 'a score without loss');
    for (const { payload } of await payloads(person, 'consumer-score')) {
      within(payload.score, [8, 10], 'a score without loss');
      within(payload.producerScore, [8, 10], "a producer's score without loss");
    }
  }
});

test('the statistics of a real call are sane numbers in getStats() units', async (stage) => {
  const { ana } = await pairMeets(stage);
  await until('a bitrate has been measured', async () => {
    const { producers } = await stats(ana);
    return producers.video.stats[0].bitrate > VIDEO_BITRATE[0] || { met: false, video: producers.video.stats[0] };
  });
  const { producers, consumers, transports } = await stats(ana);
  for (const [kind, bitrate] of Object.entries({ audio: AUDIO_BITRATE, video: VIDEO_BITRATE })) {
    const [stream] = producers[kind].stats;
    assertEqual(stream.type, 'inbound-rtp', 'type');
    assertEqual(stream.mimeType, kind === 'audio' ? 'audio/opus' : 'video/VP8', 'mimeType');
    within(stream.bitrate, bitrate, `bitrate of ${kind}`);
    within(stream.byteCount / stream.packetCount, [20, 1500], `bytes of a packet of ${kind}`);
    within(stream.packetsLost, [0, 5], 'packetsLost');
    within(stream.fractionLost, [0, 25], 'fractionLost');
    within(stream.jitter, [0, 9000], 'jitter in ticks');
    within(stream.roundTripTime, [0, 500], 'roundTripTime in ms');
    within(stream.score, [8, 10], 'score');
  }
  assertEqual(consumers.details.length, 2, 'consumers');
  for (const { kind, stats: streams } of consumers.details) {
    assertEqual(streams.map(({ type }) => type).join(), 'outbound-rtp,inbound-rtp', `streams of ${kind}`);
    const [outbound, inbound] = streams;
    assertEqual(outbound.kind, kind, 'kind');
    assertEqual(inbound.kind, kind, 'kind of what it is made of');
    within(outbound.roundTripTime, [0, 500], 'roundTripTime in ms');
    within(outbound.score, [8, 10], 'score');
  }
  for (const { direction, stats: [transport] } of transports.details) {
    assert(/^(connected|completed)$/.test(transport.iceState), `iceState is ${transport.iceState}`);
    assertEqual(transport.dtlsState, 'connected', 'dtlsState');
    assertEqual(transport.iceSelectedTuple.protocol, 'udp', 'protocol');
    const flows = direction === 'send' ? transport.recvBitrate : transport.sendBitrate;
    within(flows, VIDEO_BITRATE, `bitrate of the ${direction} transport`);
  }
});
