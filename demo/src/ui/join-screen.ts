import {
  canCapture,
  openBoth,
  openDevice,
  type DeviceChoice,
  type DeviceKind,
  type Opened,
} from '../media/devices';
import { TrackMeter } from '../media/levels';
import { DevicePicker } from './device-picker';
import { h, setAttribute, setText } from './dom';
import { icon } from './icons';
import { initialsOf } from './tile';

export interface JoinWish {
  name: string;
  roomId: string;
  /** As typed or brought along; empty where the server shall give one. */
  token: string;
  opened: Record<DeviceKind, Opened>;
  on: Record<DeviceKind, boolean>;
}

export interface JoinScreenOptions {
  name: string;
  roomId: string;
  token: string;
  askForToken: boolean;
  /** Why the person is here again, or null. */
  words: string | null;
  on: Record<DeviceKind, boolean>;
  devices: DeviceChoice;
  onDevices(choice: DeviceChoice): void;
  onJoin(wish: JoinWish): Promise<void>;
}

const NOT_OPENED: Opened = { track: null, problem: null };

/** Who one is and where one goes, with a look into the mirror before the door opens. */
export class JoinScreen {
  readonly element: HTMLElement;
  private readonly name: HTMLInputElement;
  private readonly room: HTMLInputElement;
  private readonly token: HTMLInputElement;
  private readonly tokenField: HTMLElement;
  private readonly submit = h('button', { class: 'primary join-button', type: 'submit' }, 'Join');
  private readonly words = h('p', { class: 'form-words', role: 'alert' });
  private readonly video = h('video', { autoplay: true, playsinline: true, muted: true });
  private readonly initials = h('span', { class: 'avatar-initials', 'aria-hidden': 'true' });
  private readonly preview: HTMLElement;
  private readonly problems = h('ul', { class: 'device-problems', role: 'status' });
  private readonly picker: DevicePicker;
  private readonly toggles: Record<DeviceKind, HTMLButtonElement>;
  private readonly on: Record<DeviceKind, boolean>;
  private opened: Record<DeviceKind, Opened> = { camera: NOT_OPENED, microphone: NOT_OPENED };
  private meter: TrackMeter | null = null;
  private meterTimer: number | undefined;
  private handedOver = false;
  private readonly ready: Promise<void>;

  constructor(private readonly options: JoinScreenOptions) {
    this.on = { ...options.on };
    this.video.muted = true;
    this.name = h('input', {
      id: 'name',
      name: 'name',
      autocomplete: 'name',
      maxlength: '60',
      required: true,
      placeholder: 'How the others know you',
    });
    this.name.value = options.name;
    this.name.addEventListener('input', () => setText(this.initials, initialsOf(this.name.value)));
    this.room = h('input', {
      id: 'room',
      name: 'room',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      maxlength: '64',
      required: true,
      placeholder: 'standup',
    });
    this.room.value = options.roomId;
    this.token = h('input', {
      id: 'token',
      name: 'token',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    this.token.value = options.token;
    this.tokenField = field('token', 'Access token', this.token);
    this.askForToken(options.askForToken);
    this.toggles = { microphone: this.toggle('microphone'), camera: this.toggle('camera') };
    this.picker = new DevicePicker(options.devices, (kind, id) => void this.choose(kind, id));
    this.preview = this.buildPreview();
    this.element = this.build();
    setText(this.words, options.words ?? '');
    setText(this.initials, initialsOf(options.name));
    this.showDevices();
    this.ready = this.openDevices();
  }

  focus(): void {
    if (this.name.value === '') this.name.focus();
    else if (this.room.value === '') this.room.focus();
    else this.submit.focus();
  }

  /** Fills the fields' promise at once: for somebody who was here before a reload. */
  async joinNow(): Promise<void> {
    await this.join();
  }

  showProblem(words: string): void {
    setText(this.words, words);
    this.setBusy(false);
  }

  askForToken(ask: boolean): void {
    this.tokenField.hidden = !ask;
    this.token.required = ask;
    if (ask) this.token.focus();
  }

  close(): void {
    window.clearInterval(this.meterTimer);
    this.meter?.close();
    this.video.srcObject = null;
    if (this.handedOver) return;
    this.opened.camera.track?.stop();
    this.opened.microphone.track?.stop();
  }

  private build(): HTMLElement {
    const form = h(
      'form',
      { class: 'join-form' },
      h('p', { class: 'brand' }, brandMark(), 'MeetLite'),
      h('h1', {}, 'Meet face to face'),
      h('p', { class: 'lead' }, 'No account and no download. Choose a room and share its link.'),
      field('name', 'Your name', this.name),
      field('room', 'Room', this.room),
      this.tokenField,
      this.words,
      this.submit,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.join();
    });
    return h('main', { class: 'join' }, this.preview, form);
  }

  private buildPreview(): HTMLElement {
    return h(
      'section',
      { class: 'preview-column', 'aria-label': 'Your camera and microphone' },
      h(
        'div',
        { class: 'preview' },
        h(
          'div',
          { class: 'avatar hue-0' },
          this.initials,
          h('span', { class: 'preview-off' }, 'Your camera is off'),
        ),
        this.video,
        h('div', { class: 'preview-controls' }, this.toggles.microphone, this.toggles.camera),
      ),
      this.problems,
      this.picker.element,
    );
  }

  private toggle(kind: DeviceKind): HTMLButtonElement {
    return h('button', {
      class: `control control-${kind}`,
      type: 'button',
      onclick: () => {
        if (this.opened[kind].problem !== null) void this.openDevices();
        else this.on[kind] = !this.on[kind];
        this.showDevices();
      },
    });
  }

  private async openDevices(): Promise<void> {
    this.opened = await openBoth(this.options.devices);
    this.startMeter(this.opened.microphone.track);
    this.showDevices();
  }

  private async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.options.devices[kind] = deviceId;
    this.options.onDevices(this.options.devices);
    this.opened[kind].track?.stop();
    this.opened[kind] = await openDevice(kind, this.options.devices);
    if (kind === 'camera') this.video.srcObject = null;
    else this.startMeter(this.opened.microphone.track);
    this.showDevices();
  }

  private startMeter(track: MediaStreamTrack | null): void {
    this.meter?.close();
    this.meter = null;
    window.clearInterval(this.meterTimer);
    if (track === null) return;
    const meter = new TrackMeter(track);
    this.meter = meter;
    this.meterTimer = window.setInterval(() => {
      const level = this.on.microphone ? Math.min(1, meter.level() * 6) : 0;
      this.toggles.microphone.style.setProperty('--voice', level.toFixed(2));
    }, 80);
  }

  private showDevices(): void {
    const { camera, microphone } = this.opened;
    const cameraShown = this.on.camera && camera.track !== null;
    if (camera.track !== null) camera.track.enabled = this.on.camera;
    if (cameraShown && this.video.srcObject === null) {
      this.video.srcObject = new MediaStream([camera.track as MediaStreamTrack]);
    }
    setAttribute(this.preview, 'data-video', cameraShown);
    this.showToggle('microphone', this.on.microphone && microphone.problem === null);
    this.showToggle('camera', this.on.camera && camera.problem === null);
    this.showProblems(camera.problem, microphone.problem);
    void this.picker.show({ camera: camera.track, microphone: microphone.track });
  }

  private showProblems(camera: string | null, microphone: string | null): void {
    const problems = [...new Set([camera, microphone])].filter((words) => words !== null);
    const lines = problems.map((words) => h('li', {}, icon('alert'), words));
    if (problems.length > 0) {
      const left =
        camera !== null && microphone !== null
          ? 'to watch and listen'
          : camera !== null
            ? 'with your voice alone'
            : 'without a microphone';
      const again = h(
        'button',
        { class: 'link', type: 'button', onclick: () => void this.openDevices() },
        'Try again',
      );
      lines.push(
        h('li', { class: 'hint' }, h('span', {}, `You can join all the same, ${left}. `, again)),
      );
    }
    this.problems.replaceChildren(...lines);
  }

  private showToggle(kind: DeviceKind, on: boolean): void {
    const button = this.toggles[kind];
    const glyph = kind === 'camera' ? 'camera' : 'mic';
    button.replaceChildren(icon(on ? glyph : `${glyph}-off`));
    setAttribute(button, 'data-off', !on);
    setAttribute(button, 'aria-pressed', on ? 'true' : 'false');
    const label = `${kind === 'camera' ? 'Camera' : 'Microphone'} ${on ? 'on' : 'off'}`;
    setAttribute(button, 'aria-label', label);
    setAttribute(button, 'title', label);
  }

  private async join(): Promise<void> {
    const name = this.name.value.trim();
    const roomId = this.room.value.trim();
    if (name === '' || roomId === '') return;
    setText(this.words, '');
    this.setBusy(true);
    // The browser may still be asking; joining without an answer would mean joining unseen.
    if (canCapture()) await this.ready;
    this.handedOver = true;
    if (this.opened.camera.track !== null) this.opened.camera.track.enabled = true;
    await this.options
      .onJoin({
        name,
        roomId,
        token: this.token.value.trim(),
        opened: this.opened,
        on: this.on,
      })
      .catch((error: unknown) => {
        this.handedOver = false;
        this.showDevices();
        this.showProblem(error instanceof Error ? error.message : 'Joining failed.');
      });
  }

  private setBusy(busy: boolean): void {
    this.submit.disabled = busy;
    setText(this.submit, busy ? 'Joining…' : 'Join');
  }
}

function field(id: string, label: string, input: HTMLInputElement): HTMLElement {
  return h('div', { class: 'field' }, h('label', { for: id }, label), input);
}

function brandMark(): HTMLElement {
  return h('img', { src: '/favicon.svg', alt: '', width: '28', height: '28' });
}
