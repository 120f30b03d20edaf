import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SIZE = { width: 640, height: 360 };

const CODECS = [
  { codec: 'video/VP8' },
  { codec: 'video/VP9', profile: '0' },
  { codec: 'video/H264', profile: '42e01f' },
  { codec: 'video/AV1' },
];

for (const { codec, profile } of CODECS) {
  test(`three who send ${codec.slice(6)} each see and hear the two others`, async (stage) => {
    const server = await stage.server();
    const people = [];
    for (const userId of ['ana', 'ben', 'cleo']) {
      const person = await stage.person(server, { userId });
      people.push(await person.join({ video: { codec, profile, ...SIZE } }));
    }
    for (const person of people) {
      const others = people.filter((other) => other !== person);
      await person.untilMeets(others, { ...SIZE, mimeType: codec });
    }
  });
}

test('a client that lacks VP9 gets no consumer of it, and everything else', async (stage) => {
  const server = await stage.server();
  const ana = await (
    await stage.person(server, { userId: 'ana' })
  ).join({ video: { codec: 'video/VP9', profile: '0', ...SIZE } });
  const ben = await (
    await stage.person(server, { userId: 'ben', onlyCodecs: ['video/vp8'] })
  ).join({ video: SIZE });
  await ana.untilMeets([ben], SIZE);
  await ben.untilHears(ana);
  assertEqual(
    await ben.events('new-consumer', { participantId: 'ana', kind: 'video' }),
    0,
    'video consumers',
  );
});

test('a receiver that loses packets asks for them as RTX, so consumers offer it', async (stage) => {
  const server = await stage.server();
  const ana = await (
    await stage.person(server, { userId: 'ana' })
  ).join({ audio: false, video: SIZE });
  const ben = await (
    await stage.person(server, { userId: 'ben' })
  ).join({ audio: false, video: null });
  await ben.untilSees(ana, SIZE);
  const { rtpParameters } = await ben.consumerOf(ana);
  assertEqual(rtpParameters.encodings.length, 1, 'encodings of a consumer');
  assert(rtpParameters.encodings[0].rtx?.ssrc > 0, 'the encoding has an RTX stream');
  assert(
    rtpParameters.codecs.some(({ mimeType }) => mimeType.toLowerCase() === 'video/rtx'),
    'an RTX codec is there',
  );
  assert(rtpParameters.encodings[0].ssrc !== 1234, 'the SSRC of probation is not used');
});

test('sound and picture of one person share their clock, so lips fit the voice', async (stage) => {
  const server = await stage.server();
  const ana = await (await stage.person(server, { userId: 'ana' })).join({ video: SIZE });
  const ben = await (await stage.person(server, { userId: 'ben' })).join({ video: SIZE });
  await ben.untilMeets([ana], SIZE);
  await until(
    'both streams have a playout time from sender reports, less than 200 ms apart',
    async () => {
      const video = (await ben.received(ana, 'video')).estimatedPlayoutTimestamp;
      const audio = (await ben.received(ana, 'audio')).estimatedPlayoutTimestamp;
      const apart = Math.abs(video - audio);
      return apart < 200 || { met: false, video, audio, apart };
    },
  );
});
