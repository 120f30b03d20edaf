import type { Person, TileKind } from '../call/person';
import { h, setAttribute, setText } from './dom';
import { icon } from './icons';
import type { Rect } from './layout';

const AVATAR_HUES = 8;

/** One picture in the room with its name: somebody's face, or what they present. */
export class Tile {
  readonly element: HTMLElement;
  private readonly video = h('video', { autoplay: true, playsinline: true, muted: true });
  private readonly initials = h('span', { class: 'avatar-initials' });
  private readonly nameText = h('span', { class: 'tile-name' });
  private readonly pinButton: HTMLButtonElement;
  private pinned = false;
  private shownTrack: MediaStreamTrack | null = null;

  constructor(
    readonly personId: string,
    readonly kind: TileKind,
    onPin: () => void,
    onShape: () => void,
  ) {
    this.video.muted = true;
    this.video.addEventListener('resize', onShape);
    this.pinButton = h('button', { class: 'tile-pin', type: 'button', onclick: onPin });
    this.pinButton.append(icon('pin'));
    this.element = h(
      'article',
      { class: 'tile', 'data-participant': personId, 'data-kind': kind },
      h('div', { class: `avatar hue-${hueOf(personId)}`, 'aria-hidden': 'true' }, this.initials),
      this.video,
      h(
        'div',
        { class: 'tile-label' },
        h('span', { class: 'tile-muted' }, icon('mic-off')),
        h('span', { class: 'tile-voice', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')),
        this.nameText,
      ),
      this.pinButton,
    );
    this.element.addEventListener('dblclick', onPin);
  }

  update(person: Person, pinned: boolean): void {
    const isCamera = this.kind === 'camera';
    const track = isCamera ? person.camera : person.screen;
    const name = isCamera
      ? person.isSelf
        ? `${person.name} (you)`
        : person.name
      : person.isSelf
        ? 'Your screen'
        : `${person.name}’s screen`;
    setText(this.nameText, name);
    setText(this.initials, initialsOf(person.name));
    setAttribute(this.element, 'data-self', person.isSelf);
    setAttribute(this.element, 'data-muted', isCamera && person.muted);
    setAttribute(this.element, 'data-video', track !== null);
    setAttribute(this.element, 'aria-label', this.describe(person, name, track !== null));
    this.showPin(name, pinned);
    this.showTrack(track);
  }

  setSpeaking(speaking: boolean, level: number): void {
    setAttribute(this.element, 'data-speaking', speaking);
    // Loudness is heard logarithmically: -50 dB is nothing, -10 dB is full.
    const height = level <= 0 ? 0 : (20 * Math.log10(level) + 50) / 40;
    this.element.style.setProperty('--voice', Math.max(0, Math.min(1, height)).toFixed(2));
  }

  place({ left, top, width, height }: Rect): void {
    const { style } = this.element;
    style.transform = `translate(${round(left)}px, ${round(top)}px)`;
    style.width = `${round(width)}px`;
    style.height = `${round(height)}px`;
    setAttribute(this.element, 'data-small', width < 200);
  }

  /** Width by height of the picture; a screen's is whatever its owner's screen has. */
  get aspect(): number {
    const { videoWidth, videoHeight } = this.video;
    return videoWidth > 0 && videoHeight > 0 ? videoWidth / videoHeight : 16 / 9;
  }

  /** Width in pixels of the screen's own, for choosing how large a picture to ask for. */
  get devicePixels(): number {
    return this.element.clientWidth * window.devicePixelRatio;
  }

  remove(): void {
    this.video.srcObject = null;
    this.element.remove();
  }

  private describe(person: Person, name: string, hasVideo: boolean): string {
    if (this.kind === 'screen') return name;
    const parts = [name];
    if (person.muted) parts.push('microphone off');
    if (!hasVideo) parts.push('camera off');
    return parts.join(', ');
  }

  private showPin(name: string, pinned: boolean): void {
    setAttribute(
      this.pinButton,
      'aria-label',
      pinned ? `Put ${name} back into the grid` : `Show ${name} large`,
    );
    setAttribute(this.pinButton, 'title', pinned ? 'Back into the grid' : 'Show large');
    if (pinned === this.pinned) return;
    this.pinned = pinned;
    this.pinButton.replaceChildren(icon(pinned ? 'unpin' : 'pin'));
  }

  private showTrack(track: MediaStreamTrack | null): void {
    if (track === this.shownTrack) return;
    this.shownTrack = track;
    this.video.srcObject = track === null ? null : new MediaStream([track]);
    // Silent video may always play; a refusal here only means that the track changed again.
    if (track !== null) void this.video.play().catch(() => undefined);
  }
}

/** The first letters of the first and the last word. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => word !== '');
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters.map((word) => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '').join('');
}

function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % AVATAR_HUES;
}

function round(pixels: number): number {
  return Math.round(pixels * 2) / 2;
}
