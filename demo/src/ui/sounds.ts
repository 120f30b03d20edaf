import { h } from './dom';

/** Plays everybody's sound, and says when the browser wants a click first. */
export class Sounds {
  readonly element = h('div', { class: 'sounds', hidden: true });
  private readonly players = new Map<
    string,
    { track: MediaStreamTrack; audio: HTMLAudioElement }
  >();
  private blocked = false;

  constructor(private readonly onBlocked: (blocked: boolean) => void) {}

  play(tracks: ReadonlyMap<string, MediaStreamTrack>): void {
    for (const [key, { track, audio }] of this.players) {
      if (tracks.get(key) === track) continue;
      audio.srcObject = null;
      audio.remove();
      this.players.delete(key);
    }
    for (const [key, track] of tracks) {
      if (this.players.has(key)) continue;
      const audio = h('audio', { autoplay: true, 'data-sound': key });
      audio.srcObject = new MediaStream([track]);
      this.players.set(key, { track, audio });
      this.element.append(audio);
      void this.start(audio);
    }
  }

  /** Call it from a click: then the browser agrees. */
  unblock(): void {
    this.setBlocked(false);
    for (const { audio } of this.players.values()) void this.start(audio);
  }

  close(): void {
    this.play(new Map());
  }

  private async start(audio: HTMLAudioElement): Promise<void> {
    try {
      await audio.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.setBlocked(true);
    }
  }

  private setBlocked(blocked: boolean): void {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    this.onBlocked(blocked);
  }
}
