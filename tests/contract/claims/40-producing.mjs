// Section 2: producers, from the one who sends and as the others hear of them.
import { strict as assert } from 'node:assert';
import {
  chromiumAudio,
  chromiumSimulcast,
  chromiumVideo,
  firefoxAudio,
  firefoxVideo,
  videoCodecNames,
} from '../lib/media.mjs';
import { test } from '../lib/runner.mjs';
import { assertShape, exactly, isId } from '../lib/shape.mjs';

const types = {
  audio: ['audio', () => chromiumAudio(), {}],
  video: ['video', () => chromiumVideo(), {}],
  'screen-video': ['video', () => chromiumVideo({ mid: '2', msid: 'stream-s track-s' }), { screen: true }],
  'screen-audio': ['audio', () => chromiumAudio({ mid: '3', msid: 'stream-s track-sa' }), { screen: true }],
};

async function pair(scene) {
  const room = scene.room();
  return [await scene.participant('alice', room), await scene.participant('bob', room)];
}

for (const [type, [kind, parameters, appData]] of Object.entries(types)) {
  test(`a ${type} producer reaches the others as kind ${kind} and mediaType ${type}`, async (scene) => {
    const [alice, bob] = await pair(scene);
    const created = await alice.reply(
      'create-producer',
      { kind, rtpParameters: parameters(), appData: { ...appData, n: 1 } },
      'producer-created',
    );
    assertShape(created, { producerId: isId, kind: (value) => value === kind || value === type, appData: 'object' });
    assert.equal(created.appData.n, 1);
    const consumer = await bob.next('new-consumer');
    assertShape(consumer, {
      participantId: exactly('alice'),
      producerId: exactly(created.producerId),
      consumerId: isId,
      kind: exactly(kind),
      mediaType: exactly(type),
      rtpParameters: 'object',
      producerPaused: exactly(false),
      consumerPaused: exactly(true),
      appData: 'object',
    });
    assert.deepEqual(consumer.appData, { ...appData, n: 1, mediaType: type });
    assert.deepEqual(await bob.ok('resume-consumer', { consumerId: consumer.consumerId }), {
      consumerId: consumer.consumerId,
      participantId: 'alice',
      kind,
    });
    await alice.settle(bob);
    assert.equal(alice.count('new-consumer'), 0);
    assert.equal(bob.count('new-consumer'), 1);
  });

  test(`pausing and resuming a ${type} producer is told to everybody else once`, async (scene) => {
    const [alice, bob] = await pair(scene);
    await alice.produce(kind, parameters(), appData);
    const { consumerId } = await bob.next('new-consumer');
    const deaf = await scene.participant('deaf', alice.roomId, { recv: false });
    for (const [request, event, data] of [
      ['pause-producer', 'consumer-producer-paused', true],
      ['resume-producer', 'consumer-producer-resumed', false],
    ]) {
      await alice.ok(request, { kind: type });
      await alice.ok(request, { kind: type });
      const state = { participantId: 'alice', kind: type, event: 'paused', data };
      assert.deepEqual(await bob.next('producer-state-changed'), state);
      assert.deepEqual(await bob.next(event), { consumerId, participantId: 'alice' });
      assert.deepEqual(await deaf.next('producer-state-changed'), state);
      await alice.settle(bob, deaf);
      assert.equal(bob.count(event), 1);
      assert.equal(deaf.count(event), 0);
    }
    for (const person of [bob, deaf]) assert.equal(person.count('producer-state-changed'), 2);
    assert.equal(alice.count('producer-state-changed'), 0);
  });

  test(`closing a ${type} producer is told to viewers and to everybody else once`, async (scene) => {
    const [alice, bob] = await pair(scene);
    const deaf = await scene.participant('deaf', alice.roomId, { recv: false });
    const producerId = await alice.produce(kind, parameters(), appData);
    const { consumerId } = await bob.next('new-consumer');
    await alice.ok('close-producer', { kind: type });
    await alice.ok('close-producer', { kind: type });
    assert.deepEqual(await bob.next('consumer-producer-closed'), { consumerId, participantId: 'alice', producerId });
    assert.deepEqual(await bob.next('consumer-closed'), { consumerId, participantId: 'alice' });
    assert.deepEqual(await deaf.next('producer-closed'), { participantId: 'alice', producerId });
    await alice.settle(bob, deaf);
    for (const event of ['consumer-producer-closed', 'consumer-closed', 'producer-closed']) {
      assert.equal(bob.count(event), 1, event);
      assert.equal(deaf.count(event), event === 'producer-closed' ? 1 : 0, event);
      assert.equal(alice.count(event), 0, event);
    }
    await bob.refused('resume-consumer', { consumerId }, 'not_found');
  });

  test(`a second ${type} producer replaces the first, and no other type`, async (scene) => {
    const [alice, bob] = await pair(scene);
    const ids = {};
    for (const [name, [itsKind, itsParameters, itsAppData]] of Object.entries(types)) {
      ids[name] = await alice.produce(itsKind, itsParameters(), itsAppData);
      await bob.next('new-consumer');
    }
    const old = bob.heard.find(({ event, args }) => event === 'new-consumer' && args[0].producerId === ids[type])
      .args[0];
    const fresh = await alice.produce(kind, parameters(), appData);
    assert.notEqual(fresh, ids[type]);
    assert.equal((await bob.next('new-consumer')).producerId, fresh);
    assert.deepEqual(await bob.next('consumer-producer-closed'), {
      consumerId: old.consumerId,
      participantId: 'alice',
      producerId: ids[type],
    });
    assert.deepEqual(await bob.next('consumer-closed'), { consumerId: old.consumerId, participantId: 'alice' });
    await alice.settle(bob);
    for (const event of ['consumer-producer-closed', 'consumer-closed']) assert.equal(bob.count(event), 1);
    const names = { 'screen-video': 'screenVideo', 'screen-audio': 'screenAudio' };
    const { producers } = await alice.ok('get-participant-stats');
    for (const name of Object.keys(types))
      assert.equal(producers[names[name] ?? name].id, name === type ? fresh : ids[name]);
    assert.equal(Object.keys(producers).length, 4);
  });
}

test('a producer with the SSRC of the one that it replaces is taken (a client that produces again)', async (scene) => {
  const [alice, bob] = await pair(scene);
  const parameters = chromiumVideo();
  const first = await alice.produce('video', parameters);
  const second = await alice.produce('video', parameters);
  assert.notEqual(first, second);
  await bob.hears('new-consumer', 2);
});

test('a producer that is refused leaves the old one as it was', async (scene) => {
  const [alice, bob] = await pair(scene);
  const producerId = await alice.produce('video', chromiumVideo());
  await bob.next('new-consumer');
  const broken = [
    { kind: 'video', rtpParameters: { ...chromiumVideo(), codecs: [] }, appData: {} },
    {
      kind: 'video',
      rtpParameters: { ...chromiumVideo(), codecs: [{ ...chromiumVideo().codecs[0], mimeType: 'video/H265' }] },
      appData: {},
    },
    { kind: 'video', rtpParameters: chromiumAudio(), appData: {} },
    { kind: 'video', rtpParameters: null, appData: {} },
    { kind: 'video', rtpParameters: chromiumVideo(), appData: 'none' },
  ];
  for (const payload of broken)
    assert.equal((await alice.request('create-producer', payload)).ok, false, JSON.stringify(payload));
  await alice.settle(bob);
  assert.equal((await alice.ok('get-participant-stats')).producers.video.id, producerId);
  assert.equal(bob.count('consumer-closed') + bob.count('producer-closed'), 0);
});

test('an SSRC that another producer of the transport has is ssrc_taken', async (scene) => {
  const [alice] = await pair(scene);
  await alice.produce('audio', chromiumAudio({ ssrc: 77_000_001 }));
  await alice.refused(
    'create-producer',
    { kind: 'video', rtpParameters: chromiumVideo({ ssrc: 77_000_001 }), appData: {} },
    'ssrc_taken',
  );
  await alice.produce('video', chromiumVideo());
});

test('two people may have the same SSRC and MID', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', chromiumAudio({ ssrc: 77_000_002 }));
  await bob.produce('audio', chromiumAudio({ ssrc: 77_000_002 }));
});

test('producing needs the send transport: the receive transport alone gives no_transport', async (scene) => {
  const person = await scene.participant('p', scene.room(), { send: false });
  await person.refused(
    'create-producer',
    { kind: 'audio', rtpParameters: chromiumAudio(), appData: {} },
    'no_transport',
  );
});

test('Firefox and mediasoup-client 3.7 produce', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('audio', firefoxAudio());
  await alice.produce('video', firefoxVideo());
  assert.equal((await bob.next('new-consumer')).rtpParameters.codecs[0].payloadType, 100);
  assert.deepEqual(
    (await bob.next('new-consumer')).rtpParameters.codecs.map(({ payloadType }) => payloadType),
    [101, 102],
  );
});

for (const codec of videoCodecNames)
  test(`a camera that sends ${codec} is taken`, async (scene) => {
    const [alice, bob] = await pair(scene);
    await alice.produce('video', chromiumVideo({ codec }));
    const { rtpParameters } = await bob.next('new-consumer');
    assert.equal(rtpParameters.codecs[0].mimeType, `video/${codec.split('/')[0]}`);
    assert.equal(rtpParameters.codecs[1].parameters.apt, rtpParameters.codecs[0].payloadType);
  });

for (const [title, change] of Object.entries({
  'without encodings': ({ encodings: _, ...rest }) => rest,
  'with an empty list of encodings': (parameters) => ({ ...parameters, encodings: [] }),
  'without rtcp': ({ rtcp: _, ...rest }) => rest,
  'without header extensions': ({ headerExtensions: _, ...rest }) => rest,
  'without an msid': ({ msid: _, ...rest }) => rest,
  'without RTX': (parameters) => ({
    ...parameters,
    codecs: parameters.codecs.slice(0, 1),
    encodings: parameters.encodings.map(({ rtx: _, ...rest }) => rest),
  }),
  'with fields that nobody knows': (parameters) => ({ ...parameters, novelty: { a: [1] } }),
}))
  test(`rtpParameters ${title} are taken`, async (scene) => {
    const [alice, bob] = await pair(scene);
    await alice.produce('video', change(chromiumVideo()));
    const { rtpParameters } = await bob.next('new-consumer');
    assert.equal(rtpParameters.encodings.length, 1);
  });

test('simulcast without an SSRC is taken, and a viewer gets one encoding', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('video', chromiumSimulcast());
  const { rtpParameters } = await bob.next('new-consumer');
  assert.equal(rtpParameters.encodings.length, 1);
  assert.equal(rtpParameters.encodings[0].rid, undefined);
  assert.equal(rtpParameters.encodings[0].scalabilityMode, 'L3T3');
});

for (const screen of [false, 1, 'true', null, {}])
  test(`appData.screen ${JSON.stringify(screen)} makes no screen producer`, async (scene) => {
    const [alice, bob] = await pair(scene);
    await alice.produce('video', chromiumVideo(), { screen });
    assert.equal((await bob.next('new-consumer')).mediaType, 'video');
  });

test("appData.mediaType is the server's word, whatever the sender says", async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.produce('video', chromiumVideo(), { mediaType: 'screen-video' });
  const { appData, mediaType } = await bob.next('new-consumer');
  assert.deepEqual([appData.mediaType, mediaType], ['video', 'video']);
});

test('appData may be missing, and odd keys in it come through', async (scene) => {
  const [alice, bob] = await pair(scene);
  await alice.ok('create-producer', { kind: 'audio', rtpParameters: chromiumAudio() });
  await bob.next('new-consumer');
  const odd = JSON.parse('{"__proto__": 1, "constructor": {"a": null}, "": "empty"}');
  await alice.produce('video', chromiumVideo(), odd);
  const { appData } = await bob.next('new-consumer');
  assert.deepEqual(Object.keys(appData).sort(), ['', '__proto__', 'constructor', 'mediaType']);
});

test('a send transport that is created again takes its producers with it', async (scene) => {
  const [alice, bob] = await pair(scene);
  const producerId = await alice.produce('audio', chromiumAudio());
  const { consumerId } = await bob.next('new-consumer');
  const again = await alice.transport('send');
  assert.notEqual(again.id, alice.send.id);
  assert.notEqual(again.iceParameters.usernameFragment, alice.send.iceParameters.usernameFragment);
  assert.deepEqual(await bob.next('consumer-closed'), { consumerId, participantId: 'alice' });
  assert.deepEqual(await bob.next('consumer-producer-closed'), { consumerId, participantId: 'alice', producerId });
  await alice.produce('audio', chromiumAudio());
  await bob.next('new-consumer');
  assert.equal(bob.count('participant-joined') + bob.count('participant-left'), 0);
});

test('producers that pause before a viewer comes are paused in new-consumer', async (scene) => {
  const room = scene.room();
  const alice = await scene.participant('alice', room);
  await alice.produce('audio', chromiumAudio());
  await alice.ok('pause-producer', { kind: 'audio' });
  const bob = await scene.participant('bob', room);
  assert.equal((await bob.next('new-consumer')).producerPaused, true);
  await alice.ok('resume-producer', { kind: 'audio' });
  await bob.next('consumer-producer-resumed');
});

test('pausing a producer that is not there is not_found or already done, and tells nobody', async (scene) => {
  const [alice, bob] = await pair(scene);
  for (const event of ['pause-producer', 'resume-producer'])
    for (const kind of Object.keys(types)) {
      const reply = await alice.request(event, { kind });
      assert.ok(reply.ok || reply.error.code === 'not_found', JSON.stringify(reply));
    }
  await alice.settle(bob);
  assert.equal(bob.count('producer-state-changed'), 0);
});

test('screen producers are told apart in the statistics', async (scene) => {
  const [alice] = await pair(scene);
  for (const [kind, parameters, appData] of Object.values(types)) await alice.produce(kind, parameters(), appData);
  const { producers } = await alice.ok('get-participant-stats');
  assert.deepEqual(Object.keys(producers).sort(), ['audio', 'screenAudio', 'screenVideo', 'video']);
});
