// Section 2: who gets a consumer of what, and consumers as mediasoup-client needs them.
import { strict as assert } from 'node:assert';
import {
  chromiumAudio,
  chromiumSimulcast,
  chromiumVideo,
  firefoxAudio,
  firefoxVideo,
  receives,
  uris,
} from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape, exactly, isCount } from '../lib/shape.mjs';

async function pair(scene, options) {
  const room = scene.room();
  return [await scene.participant('alice', room), await scene.participant('bob', room, options)];
}

/** What a client with such capabilities is given for a producer of alice's. */
async function consumed(scene, kind, parameters, appData) {
  const [alice, bob] = await pair(scene);
  await alice.produce(kind, parameters, appData);
  return (await bob.next('new-consumer')).rtpParameters;
}

test('consumers come when capabilities follow the receive transport', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  const bob = await scene.participant('bob', room, { capabilities: null });
  await bob.settle();
  assert.equal(bob.count('new-consumer'), 0);
  await bob.ok('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) });
  await bob.next('new-consumer');
});

test('consumers come when the receive transport follows the capabilities', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  const bob = await scene.participant('bob', room, { recv: false });
  await bob.settle();
  assert.equal(bob.count('new-consumer'), 0);
  await bob.transport('recv');
  await bob.next('new-consumer');
  await bob.settle();
  assert.equal(bob.count('new-consumer'), 1);
});

test('capabilities sent again make consumers only where there are none', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  await alice.produce('video', chromiumVideo());
  const bob = await scene.participant('bob', room, { capabilities: null });
  await bob.ok('set-rtp-capabilities', { rtpCapabilities: receives(bob.router, ['audio/opus']) });
  assert.equal((await bob.next('new-consumer')).kind, 'audio');
  await bob.settle();
  assert.equal(bob.count('new-consumer'), 1);
  await bob.ok('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) });
  assert.equal((await bob.next('new-consumer')).kind, 'video');
  await bob.ok('set-rtp-capabilities', { rtpCapabilities: receives(bob.router) });
  await bob.settle();
  assert.equal(bob.count('new-consumer'), 2);
  assert.equal(bob.count('consumer-closed'), 0);
});

test('a receive transport that is created again gets all consumers anew', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', chromiumAudio());
  const first = await bob.next('new-consumer');
  await bob.transport('recv');
  const second = await bob.next('new-consumer');
  assert.notEqual(first.consumerId, second.consumerId);
  await bob.refused('resume-consumer', { consumerId: first.consumerId }, 'not_found');
  await bob.ok('resume-consumer', { consumerId: second.consumerId });
  const { consumers } = await bob.ok('get-participant-stats');
  assert.equal(consumers.totalConsumers, 1);
});

test('a client gets no consumer for a codec that it lacks, and the others do', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room);
  const carol = await scene.person('carol');
  await carol.join(room);
  await carol.transport('recv');
  await carol.ok('set-rtp-capabilities', { rtpCapabilities: receives(carol.router, ['audio/opus', 'video/h264']) });
  await alice.produce('video', chromiumVideo());
  await alice.produce('audio', chromiumAudio());
  assert.equal((await carol.next('new-consumer')).kind, 'audio');
  await bob.hears('new-consumer', 2);
  await carol.settle(bob);
  assert.equal(carol.count('new-consumer'), 1);
});

test('a client that takes only the other VP9 or H264 profile gets no consumer', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room, { capabilities: null });
  const only = (profile) => {
    const all = receives(bob.router, ['video/vp9']);
    return {
      ...all,
      codecs: all.codecs.filter(
        ({ parameters }) => parameters['profile-id'] === undefined || parameters['profile-id'] === profile,
      ),
    };
  };
  await bob.ok('set-rtp-capabilities', { rtpCapabilities: only(0) });
  await alice.produce('video', chromiumVideo({ codec: 'VP9/2' }));
  await bob.settle(alice);
  assert.equal(bob.count('new-consumer'), 0);
  await alice.produce('video', chromiumVideo({ codec: 'VP9/0' }));
  await bob.next('new-consumer');
});

test('empty capabilities are taken and bring no consumer', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  const bob = await scene.participant('bob', room, { capabilities: { codecs: [], headerExtensions: [] } });
  await bob.settle();
  assert.equal(bob.count('new-consumer'), 0);
});

const senders = {
  'Chromium audio': ['audio', chromiumAudio],
  'Chromium video': ['video', chromiumVideo],
  'Chromium simulcast': ['video', chromiumSimulcast],
  'Firefox audio': ['audio', firefoxAudio],
  'Firefox video': ['video', firefoxVideo],
};

for (const [title, [kind, make]] of Object.entries(senders))
  test(`consumer parameters for ${title} have the router's numbers and the shape that mediasoup-client takes`, async (scene) => {
    const [alice, bob] = await pair(scene);
    const sent = make();
    await alice.produce(kind, sent);
    const { rtpParameters } = await bob.next('new-consumer');
    const ssrc = (value) => isCount(value) && value > 0 && value < 2 ** 32 && value !== 1234;
    assertShape(rtpParameters, {
      mid: (value) => typeof value === 'string' && value !== 'probator',
      'msid?': 'string',
      codecs: [
        {
          mimeType: 'string',
          payloadType: (value) => value >= 96 && value < 127,
          clockRate: isCount,
          'channels?': exactly(2),
          parameters: 'object',
          rtcpFeedback: [{ type: 'string', 'parameter?': 'string' }],
        },
      ],
      headerExtensions: [{ uri: 'string', id: isCount, encrypt: exactly(false), 'parameters?': 'object' }],
      encodings: [{ ssrc, 'rtx?': { ssrc }, 'scalabilityMode?': 'string', 'maxBitrate?': isCount, 'dtx?': 'boolean' }],
      rtcp: { cname: exactly(sent.rtcp.cname), reducedSize: exactly(true), 'mux?': exactly(true) },
    });
    const ids = Object.fromEntries(bob.router.headerExtensions.map(({ uri, preferredId }) => [uri, preferredId]));
    for (const { uri, id } of rtpParameters.headerExtensions) {
      assert.equal(id, ids[uri], uri);
      assert.ok(![uris.RID, uris.REPAIRED_RID].includes(uri), uri);
      assert.ok(kind === 'video' || uri !== uris.TRANSPORT_CC, 'transport-cc in audio');
    }
    assert.ok(rtpParameters.headerExtensions.some(({ uri }) => uri === uris.MID));
    assert.equal(
      new Set(rtpParameters.headerExtensions.map(({ id }) => id)).size,
      rtpParameters.headerExtensions.length,
    );
    const offered = bob.router.codecs.find(({ mimeType }) => mimeType === sent.codecs[0].mimeType);
    assert.equal(rtpParameters.codecs[0].payloadType, offered.preferredPayloadType);
    assert.equal(rtpParameters.encodings.length, 1);
    assert.equal(Boolean(rtpParameters.encodings[0].rtx), kind === 'video');
    const feedback = rtpParameters.codecs[0].rtcpFeedback.map(({ type, parameter }) =>
      `${type} ${parameter ?? ''}`.trim(),
    );
    if (kind === 'video') {
      assert.deepEqual(feedback.sort(), ['ccm fir', 'nack', 'nack pli', 'transport-cc']);
      assert.equal(rtpParameters.codecs[1].parameters.apt, rtpParameters.codecs[0].payloadType);
      assert.equal(rtpParameters.codecs.length, 2);
    }
    if (sent.msid) assert.equal(rtpParameters.msid, sent.msid);
  });

test('a client without transport-cc gets goog-remb instead', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room, { capabilities: null });
  const all = receives(bob.router);
  await bob.ok('set-rtp-capabilities', {
    rtpCapabilities: {
      codecs: all.codecs.map((codec) => ({
        ...codec,
        rtcpFeedback: codec.rtcpFeedback.filter(({ type }) => type !== 'transport-cc'),
      })),
      headerExtensions: all.headerExtensions.filter(({ uri }) => uri !== uris.TRANSPORT_CC),
    },
  });
  await alice.produce('video', chromiumVideo());
  const { codecs, headerExtensions } = (await bob.next('new-consumer')).rtpParameters;
  assert.ok(codecs[0].rtcpFeedback.some(({ type }) => type === 'goog-remb'));
  assert.ok(!codecs[0].rtcpFeedback.some(({ type }) => type === 'transport-cc'));
  assert.ok(!headerExtensions.some(({ uri }) => uri === uris.TRANSPORT_CC));
});

test('a client without RTX gets none', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  const bob = await scene.participant('bob', room, { capabilities: null });
  const all = receives(bob.router);
  await bob.ok('set-rtp-capabilities', {
    rtpCapabilities: { ...all, codecs: all.codecs.filter(({ mimeType }) => mimeType !== 'video/rtx') },
  });
  await alice.produce('video', chromiumVideo());
  const { codecs, encodings } = (await bob.next('new-consumer')).rtpParameters;
  assert.equal(codecs.length, 1);
  assert.equal(encodings[0].rtx, undefined);
});

test('the mid is counted up on each transport and never used again', async (scene) => {
  const [alice, bob] = await pair(scene);
  const mids = [];
  for (let i = 0; i < 6; ++i) {
    await alice.produce('audio', chromiumAudio());
    mids.push(Number((await bob.next('new-consumer')).rtpParameters.mid));
    if (i % 2) await alice.ok('close-producer', { kind: 'audio' });
  }
  assert.deepEqual(
    mids,
    mids.map((_, i) => mids[0] + i),
  );
  const carol = await scene.participant('carol', alice.roomId);
  await alice.produce('audio', chromiumAudio());
  assert.equal(Number((await carol.next('new-consumer')).rtpParameters.mid), mids[0]);
});

test('SSRCs of consumers are all different, and none is 1234', async (scene) => {
  const room = scene.room();
  const bob = await scene.participant('bob', room);
  for (let i = 0; i < 8; ++i) {
    const person = await scene.participant(`p${i}`, room, { recv: false });
    await person.produce('audio', chromiumAudio({ ssrc: 1234 }));
    await person.produce('video', chromiumVideo());
  }
  const ssrcs = [];
  for (let i = 0; i < 16; ++i)
    for (const { ssrc, rtx } of (await bob.next('new-consumer')).rtpParameters.encodings)
      ssrcs.push(ssrc, ...(rtx ? [rtx.ssrc] : []));
  assert.equal(ssrcs.length, 24);
  assert.equal(new Set(ssrcs).size, 24);
  assert.ok(!ssrcs.includes(1234));
});

test('all producers of a transport have one CNAME, and the msid of their own', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', chromiumAudio({ cname: 'first', msid: 'camera mic' }));
  await alice.produce('video', chromiumVideo({ cname: 'second', msid: 'camera lens' }));
  await alice.produce('video', chromiumVideo({ mid: '2', cname: 'third', msid: 'screen window' }), { screen: true });
  const seen = [];
  for (let i = 0; i < 3; ++i) seen.push((await bob.next('new-consumer')).rtpParameters);
  assert.equal(new Set(seen.map(({ rtcp }) => rtcp.cname)).size, 1);
  assert.deepEqual(
    seen.map(({ msid }) => msid),
    ['camera mic', 'camera lens', 'screen window'],
  );
});

test('producers without rtcp.cname share one CNAME that is not empty', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', { ...chromiumAudio(), rtcp: {} });
  await alice.produce('video', { ...chromiumVideo(), rtcp: undefined });
  const first = (await bob.next('new-consumer')).rtpParameters.rtcp.cname;
  assert.ok(first.length > 0);
  assert.equal((await bob.next('new-consumer')).rtpParameters.rtcp.cname, first);
});

test('scalabilityMode stands only where there are layers', async (scene) => {
  const mode = async (parameters) => (await consumed(scene, 'video', parameters)).encodings[0].scalabilityMode;
  assert.ok([undefined, 'L1T1', 'S1T1'].includes(await mode(chromiumVideo())));
  assert.equal(await mode(chromiumSimulcast()), 'L3T3');
  assert.equal(await mode(chromiumVideo({ codec: 'VP9/0', scalabilityMode: 'L3T3_KEY' })), 'L3T3_KEY');
  assert.equal(await mode(chromiumVideo({ codec: 'AV1', scalabilityMode: 'L1T3' })), 'L1T3');
});

test('set-preferred-layers clamps to the layers that there are', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('video', chromiumSimulcast());
  const { consumerId } = await bob.next('new-consumer');
  const layers = (spatialLayer, temporalLayer) =>
    bob.ok('set-preferred-layers', { consumerId, spatialLayer, temporalLayer });
  assert.deepEqual(await layers(0, 0), { consumerId, spatialLayer: 0, temporalLayer: 0 });
  assert.deepEqual(await layers(1, 2), { consumerId, spatialLayer: 1, temporalLayer: 2 });
  assert.deepEqual(await layers(7, 7), { consumerId, spatialLayer: 2, temporalLayer: 2 });
  assert.deepEqual(await layers(1, undefined), { consumerId, spatialLayer: 1, temporalLayer: 2 });
});

test('set-preferred-layers of a stream without layers is clamped to 0', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('video', chromiumVideo());
  const { consumerId } = await bob.next('new-consumer');
  assert.deepEqual(await bob.ok('set-preferred-layers', { consumerId, spatialLayer: 2, temporalLayer: 2 }), {
    consumerId,
    spatialLayer: 0,
    temporalLayer: 0,
  });
});

test('consumers start paused, and are counted as active once resumed', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', chromiumAudio());
  const { consumerId, consumerPaused } = await bob.next('new-consumer');
  assert.equal(consumerPaused, true);
  const counts = async () => {
    const { totalConsumers, activeConsumers, pausedConsumers, details } = (await bob.ok('get-participant-stats'))
      .consumers;
    return [totalConsumers, activeConsumers, pausedConsumers, details[0].paused];
  };
  assert.deepEqual(await counts(), [1, 0, 1, true]);
  await bob.ok('resume-consumer', { consumerId });
  assert.deepEqual(await counts(), [1, 1, 0, false]);
  await bob.ok('pause-consumer', { consumerId });
  assert.deepEqual(await counts(), [1, 0, 1, true]);
});

test('a consumer of somebody else, of another room, or of nobody is not_found and stays unharmed', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('video', chromiumVideo());
  const { consumerId } = await bob.next('new-consumer');
  const stranger = await scene.participant('stranger', scene.room());
  const neighbour = await scene.participant('neighbour', alice.roomId);
  await neighbour.next('new-consumer');
  for (const person of [alice, stranger, neighbour])
    for (const [event, more] of [
      ['resume-consumer'],
      ['pause-consumer'],
      ['set-preferred-layers', { spatialLayer: 0 }],
    ])
      await person.refused(event, { consumerId, ...more }, 'not_found');
  for (const id of ['', 'x', '__proto__', 'constructor', 'toString', `${consumerId} `, 'x'.repeat(10_000)])
    await bob.refused('resume-consumer', { consumerId: id }, 'not_found');
  assert.equal((await bob.ok('get-participant-stats')).consumers.activeConsumers, 0);
  await bob.ok('resume-consumer', { consumerId });
});

test('nobody consumes from himself', async (scene) => {
  const alice = await scene.participant('alice', scene.room());
  await alice.produce('audio', chromiumAudio());
  await alice.produce('video', chromiumVideo());
  await alice.ok('set-rtp-capabilities', { rtpCapabilities: receives(alice.router) });
  await alice.settle();
  assert.equal(alice.count('new-consumer'), 0);
});

test('pausing a consumer is told to nobody else', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', chromiumAudio());
  const { consumerId } = await bob.next('new-consumer');
  const before = alice.heard.length;
  await bob.ok('resume-consumer', { consumerId });
  await bob.ok('pause-consumer', { consumerId });
  await bob.settle(alice);
  assert.deepEqual(alice.names(before), []);
});
