// Plain RTCPeerConnections between pages: the server carries the signaling alone.
import { HookPerson } from '../lib/hook-person.mjs';
import { PeerPerson } from '../lib/peer-person.mjs';
import { test } from '../lib/runner.mjs';
import { assert, assertEqual, until } from '../lib/until.mjs';

const SCREEN = { screen: true, width: 1000, height: 600 };

async function meeting(stage, ...userIds) {
  const server = await stage.server();
  const people = [];
  for (const userId of userIds)
    people.push(await (await PeerPerson.open(stage, server, { userId })).ready());
  return { server, people };
}

test('two pages see and hear each other peer to peer, and chat', async (stage) => {
  const { people } = await meeting(stage, 'ana', 'ben');
  const [ana, ben] = people;
  await ana.untilMeets(ben);
  await ben.untilMeets(ana);
  await ana.call('say', '  hello  ');
  for (const one of people) {
    const { messages } = await one.untilState(
      'has the message',
      (state) => state.messages.length === 1 && state,
    );
    const [{ userId, userEmail, message, type }] = messages;
    assertEqual(
      { userId, userEmail, message, type },
      { userId: 'ana', userEmail: 'ana@example.test', message: 'hello', type: 'text' },
      'the message',
    );
  }
  await ben.call('setMedia', { audioEnabled: false, videoEnabled: true });
  await ana.untilState(
    'knows that ben is muted',
    ({ mediaStates }) => mediaStates.ben.audioEnabled === false,
  );
});

test('of three people one of each pair offers, and everybody meets everybody', async (stage) => {
  const { people } = await meeting(stage, 'cleo', 'ana', 'ben');
  for (const one of people) await one.untilMeets(...people.filter((other) => other !== one));
  const [cleo, ana, ben] = people;
  assertEqual(await ana.call('roles'), { cleo: 'offer', ben: 'offer' }, 'what ana made');
  assertEqual(await ben.call('roles'), { cleo: 'offer', ana: 'answer' }, 'what ben made');
  assertEqual(await cleo.call('roles'), { ana: 'answer', ben: 'answer' }, 'what cleo made');
  for (const one of people)
    assertEqual(await one.call('count', 'initiate-connection'), 2, `what ${one.userId} was told`);

  await ben.page.goto('about:blank');
  for (const one of [ana, cleo])
    await one.untilState(
      'ben is gone',
      ({ calls }) => calls.length === 1 && !calls.includes('ben'),
    );
  await ana.untilMeets(cleo);
});

test('a shared screen reaches who is there and who comes later, and ends for all', async (stage) => {
  const { server, people } = await meeting(stage, 'ana', 'ben');
  const [ana, ben] = people;
  await ana.untilMeets(ben);
  await ben.call('shareScreen');
  await ana.untilSees(ben, SCREEN);
  const cleo = await (await PeerPerson.open(stage, server, { userId: 'cleo' })).ready();
  await cleo.untilSees(ben, SCREEN);
  await cleo.untilMeets(ana, ben);
  await cleo.untilState('knows who shares', ({ sharer }) => sharer === 'ben');
  await ben.call('stopScreen');
  for (const one of [ana, cleo]) {
    await one.untilState('nobody shares', ({ sharer }) => sharer === null);
    await one.untilSees(ben);
  }
});

test('somebody who loads the page again is met anew by all', async (stage) => {
  const { server, people } = await meeting(stage, 'ana', 'ben');
  const [ana, ben] = people;
  await ben.untilMeets(ana);
  await ana.page.reload();
  await ana.page.waitForFunction(() => window.peer !== undefined);
  const token = server.token({ userId: 'ana' });
  await ana.call('connect', { url: server.url, token, roomId: 'room' });
  await ana.ready();
  await ben.untilMeets(ana);
  await ana.untilMeets(ben);
  assertEqual(await ben.call('count', 'user-left'), 1, 'how often ben heard that ana left');
});

test('in a migration one meets some through the server and others peer to peer', async (stage) => {
  const server = await stage.server();
  const old = await (await PeerPerson.open(stage, server, { userId: 'old' })).ready();
  const fresh = await (await stage.person(server, { userId: 'fresh' })).join();
  const both = await PeerPerson.onPage(stage, 'both');
  const throughServer = await HookPerson.connect(both.page, server, { userId: 'both' });
  await throughServer.join();
  await both.call('connect', { roomId: 'room' });
  await both.ready();

  await both.untilMeets(old);
  await old.untilMeets(both);
  await throughServer.untilMeets([fresh]);
  await fresh.untilMeets([throughServer]);
  assertEqual(await fresh.people(), ['both'], 'whom the new client meets');

  await both.call('leave');
  await old.untilState('the other is gone', ({ calls }) => calls.length === 0);
  await throughServer.untilMeets([fresh]);
  await both.ready();
  await old.untilMeets(both);
  await throughServer.emit('leave-room', null);
  await fresh.untilEvent('participant-left', { participantId: 'both' });
  await old.untilMeets(both);
  const others = await until('the server counts one', async () => {
    const stats = await (await fetch(`${server.url}/stats`)).json();
    return stats.totalParticipants === 1 && stats;
  });
  assert(others.rooms === 1, 'the peer-to-peer room is none of the media rooms');
});
