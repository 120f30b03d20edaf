import { h, setAttribute } from './dom';
import { icon, type IconName } from './icons';

export interface ControlsState {
  muted: boolean;
  cameraOn: boolean;
  sharing: boolean;
}

export interface ControlsActions {
  toggleMute(): void;
  toggleCamera(): void;
  toggleScreen(): void;
  leave(): void;
}

/** The bar that decides what the others hear and see of oneself. */
export class Controls {
  readonly element: HTMLElement;
  private readonly microphone: HTMLButtonElement;
  private readonly camera: HTMLButtonElement;
  private readonly screen: HTMLButtonElement;

  constructor(
    private readonly actions: ControlsActions,
    canShare: boolean,
  ) {
    this.microphone = controlButton('microphone', () => actions.toggleMute());
    this.camera = controlButton('camera', () => actions.toggleCamera());
    this.screen = controlButton('screen', () => actions.toggleScreen());
    this.screen.hidden = !canShare;
    const leave = controlButton('leave', () => actions.leave());
    show(leave, { glyph: 'leave', caption: 'Leave', label: 'Leave the meeting' });
    this.element = h(
      'div',
      { class: 'controls', role: 'toolbar', 'aria-label': 'Meeting controls' },
      this.microphone,
      this.camera,
      this.screen,
      leave,
    );
  }

  update({ muted, cameraOn, sharing }: ControlsState): void {
    show(
      this.microphone,
      muted
        ? { glyph: 'mic-off', caption: 'Unmute', label: 'Unmute your microphone', key: 'm' }
        : { glyph: 'mic', caption: 'Mute', label: 'Mute your microphone', key: 'm' },
    );
    show(
      this.camera,
      cameraOn
        ? { glyph: 'camera', caption: 'Camera', label: 'Camera: turn off', key: 'v' }
        : { glyph: 'camera-off', caption: 'Camera', label: 'Camera: turn on', key: 'v' },
    );
    show(
      this.screen,
      sharing
        ? { glyph: 'screen-stop', caption: 'Stop', label: 'Stop sharing your screen', key: 's' }
        : { glyph: 'screen', caption: 'Share', label: 'Share your screen', key: 's' },
    );
    setAttribute(this.microphone, 'data-off', muted);
    setAttribute(this.camera, 'data-off', !cameraOn);
    setAttribute(this.screen, 'data-active', sharing);
  }

  /** Keys for those who do not want to look for a button: M, V, S. */
  handleKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof HTMLInputElement) return;
    const key = event.key.toLowerCase();
    if (key === 'm') this.actions.toggleMute();
    else if (key === 'v') this.actions.toggleCamera();
    else if (key === 's' && !this.screen.hidden) this.actions.toggleScreen();
  }
}

function controlButton(name: string, onclick: () => void): HTMLButtonElement {
  return h('button', { class: `control control-${name}`, type: 'button', onclick });
}

interface Face {
  glyph: IconName;
  caption: string;
  /** What it does now; begins with the caption, so that it can be called by what is to be seen. */
  label: string;
  key?: string;
}

function show(button: HTMLButtonElement, { glyph, caption, label, key }: Face): void {
  if (button.getAttribute('aria-label') === label) return;
  button.setAttribute('aria-label', label);
  if (key !== undefined) button.setAttribute('aria-keyshortcuts', key);
  button.title = key === undefined ? label : `${label} (${key.toUpperCase()})`;
  button.replaceChildren(icon(glyph), h('span', { class: 'control-caption' }, caption));
}
