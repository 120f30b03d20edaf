import type { Call, CallState } from '../call/call';
import type { LocalMedia } from '../call/local-media';
import type { Person } from '../call/person';
import { canShareScreen } from '../media/devices';
import { layerForWidth } from '../media/encodings';
import { SpeakerWatch } from '../media/levels';
import { Controls } from './controls';
import { copyLinkButton } from './copy-link';
import { h, setText } from './dom';
import { icon } from './icons';
import { Notices } from './notices';
import { RoomView, type Visibility } from './room-view';
import { Sounds } from './sounds';

/** What the screen needs of a call; the gallery shows it without a server. */
export type ShownCall = Pick<
  Call,
  'on' | 'selfId' | 'leave' | 'setWanted' | 'setLayer' | 'sounds' | 'levelSources'
>;

export interface CallScreenOptions {
  call: ShownCall;
  local: LocalMedia;
  roomId: string;
  onLeft(): void;
  onEnded(state: Extract<CallState, { is: 'ended' }>): void;
}

/** The meeting: tiles, controls, and what there is to say about the connection. */
export class CallScreen {
  readonly element: HTMLElement;
  private readonly notices = new Notices();
  private readonly controls: Controls;
  private readonly room: RoomView;
  private readonly sounds: Sounds;
  private readonly count = h('span', { class: 'people-count' });
  private readonly hear: HTMLButtonElement;
  private readonly speakers: SpeakerWatch;
  private readonly offs: (() => void)[] = [];

  constructor(private readonly options: CallScreenOptions) {
    const { call, local, roomId } = options;
    this.controls = new Controls(
      {
        toggleMute: () => void local.setMuted(!local.muted),
        toggleCamera: () => void local.setCameraOn(local.camera === null),
        toggleScreen: () => this.toggleScreen(),
        leave: () => this.leave(),
      },
      canShareScreen(),
    );
    this.room = new RoomView((visibility) => this.ask(visibility), emptyRoom(roomId));
    this.hear = h(
      'button',
      { class: 'hear primary', type: 'button', hidden: true, onclick: () => this.sounds.unblock() },
      icon('sound'),
      'Click to hear the others',
    );
    this.sounds = new Sounds((blocked) => {
      this.hear.hidden = !blocked;
    });
    this.element = h(
      'div',
      { class: 'call' },
      this.notices.element,
      h(
        'header',
        { class: 'call-info' },
        h('h1', { class: 'call-room', title: roomId }, roomId),
        h('span', { class: 'call-people' }, icon('people'), this.count),
      ),
      this.room.element,
      h('footer', { class: 'call-controls' }, this.controls.element),
      h('div', { class: 'call-side' }, copyLinkButton(roomId, 'quiet copy-link')),
      this.hear,
      this.sounds.element,
    );
    this.listen();
    this.speakers = new SpeakerWatch(
      () => call.levelSources(),
      (speaking, levels) => this.room.setSpeaking(speaking, levels),
    );
    this.showLocal();
  }

  close(): void {
    for (const off of this.offs) off();
    this.speakers.close();
    this.sounds.close();
  }

  private listen(): void {
    const { call, local } = this.options;
    const onKey = (event: KeyboardEvent): void => this.controls.handleKey(event);
    document.addEventListener('keydown', onKey);
    this.offs.push(
      () => document.removeEventListener('keydown', onKey),
      call.on('people', (people) => this.showPeople(people)),
      call.on('state', (state) => this.showState(state)),
      call.on('announce', (words) => this.notices.toast(words)),
      call.on('problem', (words) => this.notices.alert(words)),
      local.on('changed', () => this.showLocal()),
      local.on('problem', ({ words }) => this.notices.alert(words)),
    );
  }

  private showPeople(people: Person[]): void {
    this.room.render(people);
    this.sounds.play(this.options.call.sounds());
    setText(this.count, people.length === 1 ? '1 person' : `${people.length} people`);
  }

  private showState(state: CallState): void {
    this.element.dataset['state'] = state.is;
    this.notices.showBanner(
      state.is === 'away' ? state.words : state.is === 'joining' ? 'Joining…' : null,
    );
    if (state.is === 'joined') this.room.tellVisibility();
    if (state.is === 'ended') {
      this.close();
      this.options.onEnded(state);
    }
  }

  private showLocal(): void {
    const { local } = this.options;
    this.controls.update({
      muted: local.muted,
      cameraOn: local.camera !== null,
      sharing: local.screen !== null,
    });
  }

  private ask({ personId, kind, visible, devicePixels }: Visibility): void {
    const { call } = this.options;
    if (personId === call.selfId) return;
    call.setWanted(personId, kind === 'camera' ? 'video' : 'screen-video', visible);
    if (kind === 'camera' && visible) call.setLayer(personId, layerForWidth(devicePixels));
  }

  private toggleScreen(): void {
    const { local } = this.options;
    if (local.screen === null) void local.shareScreen();
    else local.stopScreen();
  }

  private leave(): void {
    this.close();
    void this.options.call.leave();
    this.options.onLeft();
  }
}

function emptyRoom(roomId: string): HTMLElement {
  return h(
    'aside',
    { class: 'alone' },
    h('p', { class: 'alone-title' }, 'You are the first one here'),
    h('p', {}, 'Send the link to those you want to meet.'),
    copyLinkButton(roomId, 'primary copy-link'),
  );
}
