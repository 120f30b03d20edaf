/**
 * The call screen without a server: `?people=9&screen&scene=joined` for looking at it and for
 * judging changes of style. Not part of the built page.
 */
import '../src/styles/index.css';
import type { CallEvents, CallState } from '../src/call/call';
import { LocalMedia } from '../src/call/local-media';
import type { Person } from '../src/call/person';
import { Emitter } from '../src/emitter';
import { CallScreen, type ShownCall } from '../src/ui/call-screen';
import { portrait, presentation } from './portraits';

const NAMES = [
  'Ines Alvarez',
  'Kwame Boateng',
  'Freya Lindqvist',
  'Mateus Rocha',
  'Harold Finch',
  'Tunde Adeyemi',
  'Priya Raman',
  'Sofia Marchetti',
  'Jonas Weber',
  'Mei-Ling Chen',
  'Oluwaseun Akintola-Featherstonehaugh',
  'Bo',
  'Ana Petrović',
  'Liam O’Connor',
  'Yuki Tanaka',
];

const query = new URLSearchParams(window.location.search);
const count = Number(query.get('people') ?? '3');

class GalleryCall extends Emitter<CallEvents> implements ShownCall {
  readonly selfId = 'p0';
  private readonly people: Person[] = Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    name: NAMES[i % NAMES.length] as string,
    isSelf: i === 0,
    muted: i % 4 === 2,
    camera: i % 5 === 3 || query.has('cameras-off') ? null : portrait(i, 640, 360),
    screen: query.has('screen') && i === 1 ? presentation() : null,
  }));

  start(): void {
    this.emit('people', this.people);
    const state = (query.get('state') ?? 'joined') as CallState['is'];
    if (state === 'away')
      this.emit('state', { is: 'away', words: 'Connection lost. Trying to reconnect…' });
    else if (state === 'joined') this.emit('state', { is: 'joined' });
    if (query.has('alert'))
      this.emit('problem', 'Camera is blocked. Allow it in the browser’s address bar.');
    if (query.has('toast')) this.emit('announce', 'Kwame Boateng joined');
  }

  levelSources(): { id: string; level(): number }[] {
    const speaker = count > 1 ? 'p1' : 'p0';
    return [{ id: speaker, level: () => 0.12 }];
  }

  sounds(): Map<string, MediaStreamTrack> {
    return new Map();
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  setWanted(): void {}

  setLayer(): void {}
}

const call = new GalleryCall();
const local = new LocalMedia();
const track = portrait(0, 640, 360);
local.adopt(
  { camera: { track, problem: null }, microphone: { track: null, problem: null } },
  { camera: true, microphone: true },
);
const screen = new CallScreen({
  call,
  local,
  roomId: query.get('room') ?? 'design-review',
  onLeft: () => undefined,
  onEnded: () => undefined,
});
(document.querySelector('#app') as HTMLElement).replaceChildren(screen.element);
call.start();
