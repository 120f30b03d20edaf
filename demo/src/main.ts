import './styles/index.css';
import { Call } from './call/call';
import { LocalMedia } from './call/local-media';
import {
  rememberCall,
  rememberDevices,
  rememberedCall,
  rememberedDevices,
  rememberedName,
  rememberName,
} from './memory';
import { fetchDemoToken, readClaims, ServerAway, TokenNeeded, type Credentials } from './net/token';
import { CallScreen } from './ui/call-screen';
import { JoinScreen, type JoinScreenOptions, type JoinWish } from './ui/join-screen';

const query = new URLSearchParams(window.location.search);
const brought = { token: query.get('token') ?? '', roomId: query.get('room') ?? '' };
const app = document.querySelector('#app') as HTMLElement;

/** A room that nobody else is in by chance, easy to say aloud. */
function inventRoom(): string {
  const syllables = [
    'ba',
    'do',
    'fi',
    'ga',
    'ka',
    'le',
    'mi',
    'no',
    'pa',
    'ru',
    'so',
    'ta',
    'vi',
    'zu',
  ];
  const picks = crypto.getRandomValues(new Uint8Array(9));
  const letters = [...picks].map((pick) => syllables[pick % syllables.length] ?? '');
  return [letters.slice(0, 3), letters.slice(3, 6), letters.slice(6)]
    .map((w) => w.join(''))
    .join('-');
}

function showJoin(change: Partial<JoinScreenOptions> = {}): JoinScreen {
  document.title = 'MeetLite';
  const claims = readClaims(brought.token);
  const screen: JoinScreen = new JoinScreen({
    name: rememberedName() || (claims?.name ?? ''),
    roomId: brought.roomId || inventRoom(),
    token: brought.token,
    askForToken: false,
    words: null,
    on: { camera: true, microphone: true },
    devices: rememberedDevices(),
    onDevices: rememberDevices,
    onJoin: (wish) => enter(screen, wish),
    ...change,
  });
  app.replaceChildren(screen.element);
  screen.focus();
  return screen;
}

/** @throws with words for people where there is no token to be had. */
async function credentialsFor(screen: JoinScreen, wish: JoinWish): Promise<Credentials> {
  if (wish.token !== '') {
    const claims = readClaims(wish.token);
    if (claims === null) {
      screen.askForToken(true);
      throw new Error('This access token is not one. Copy it once more, whole.');
    }
    return { token: wish.token, userId: claims.userId };
  }
  const before = rememberedCall();
  if (before !== null && before.roomId === wish.roomId && before.name === wish.name) {
    return { token: before.token, userId: before.userId };
  }
  try {
    return await fetchDemoToken(wish.name);
  } catch (error) {
    if (error instanceof TokenNeeded) {
      screen.askForToken(true);
      throw new Error('This server lets in only people with an access token. Paste yours.', {
        cause: error,
      });
    }
    if (error instanceof ServerAway) {
      throw new Error('The server does not answer. Try again in a moment.', { cause: error });
    }
    throw error;
  }
}

async function enter(screen: JoinScreen, wish: JoinWish): Promise<void> {
  let credentials = await credentialsFor(screen, wish);
  rememberName(wish.name);
  rememberAddress(wish.roomId);
  const local = new LocalMedia(rememberedDevices());
  local.adopt(wish.opened, wish.on);
  const remember = (): void =>
    rememberCall({
      roomId: wish.roomId,
      name: wish.name,
      token: credentials.token,
      userId: credentials.userId,
      microphone: !local.muted,
      camera: local.camera !== null,
    });
  const renew = async (): Promise<Credentials | null> => {
    if (wish.token !== '') return null;
    credentials = await fetchDemoToken(wish.name);
    remember();
    return credentials;
  };
  const call = new Call(wish.roomId, wish.name, credentials, local, renew);
  local.on('changed', remember);
  remember();
  const goBack = (change: Partial<JoinScreenOptions>): void => {
    const on = { camera: local.camera !== null, microphone: !local.muted };
    local.close();
    rememberCall(null);
    showJoin({ name: wish.name, roomId: wish.roomId, token: wish.token, on, ...change });
  };
  const callScreen = new CallScreen({
    call,
    local,
    roomId: wish.roomId,
    onLeft: () => goBack({}),
    onEnded: ({ words, tokenRefused }) => goBack({ words, askForToken: tokenRefused === true }),
  });
  screen.close();
  document.title = `${wish.roomId} · MeetLite`;
  app.replaceChildren(callScreen.element);
  call.start();
}

/** So that a reload comes back here, and the address bar can be shared. */
function rememberAddress(roomId: string): void {
  const url = new URL(window.location.href);
  url.searchParams.set('room', roomId);
  window.history.replaceState(null, '', url);
}

const before = rememberedCall();
if (before !== null && (brought.roomId === '' || brought.roomId === before.roomId)) {
  const screen = showJoin({
    name: before.name,
    roomId: before.roomId,
    on: { camera: before.camera, microphone: before.microphone },
  });
  void screen.joinNow();
} else {
  showJoin();
}
