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

  constructor(private readonly actions: ControlsActions, canShare: boolean) {
    this.microphone = controlButton('microphone', () => actions.toggleMute());
    this.camera = controlButton('camera', () => actions.toggleCamera());
    this.screen = controlButton('screen', () => actions.toggleScreen());
    this.screen.hidden = !canShare;
    const leave = controlButton('leave', () => actions.leave());
    show(leave, 'leave', 'Leave', 'Leave the meeting');
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
    if (muted) show(this.microphone, 'mic-off', 'Unmute', 'Turn microphone on (M)');
    else show(this.microphone, 'mic', 'Mute', 'Turn microphone off (M)');
    if (cameraOn) show(this.camera, 'camera', 'Camera', 'Turn camera off (V)');
    else show(this.camera, 'camera-off', 'Camera', 'Turn camera on (V)');
    if (sharing) show(this.screen, 'screen-stop', 'Stop', 'Stop sharing your screen (S)');
    else show(this.screen, 'screen', 'Share', 'Share your screen (S)');
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

function show(button: HTMLButtonElement, glyph: IconName, caption: string, label: string): void {
  if (button.dataset['label'] === label) return;
  button.dataset['label'] = label;
  button.setAttribute('aria-label', label);
  button.title = label;
  button.replaceChildren(icon(glyph), h('span', { class: 'control-caption' }, caption));
}
