import { Emitter } from '../emitter';
import {
  openDevice,
  openScreen,
  type DeviceChoice,
  type DeviceKind,
  type Opened,
} from '../media/devices';

interface LocalMediaEvents {
  changed: undefined;
  problem: { kind: DeviceKind | 'screen'; words: string };
}

/**
 * What this person has switched on. It outlives connections: after a reconnect the same tracks
 * are published again.
 */
export class LocalMedia extends Emitter<LocalMediaEvents> {
  private cameraTrack: MediaStreamTrack | null = null;
  private microphoneTrack: MediaStreamTrack | null = null;
  private screenTracks: { video: MediaStreamTrack; audio: MediaStreamTrack | null } | null = null;
  private microphoneOn = false;
  private opening = new Set<DeviceKind>();

  /** @param choice which devices to open when they are switched on */
  constructor(private readonly choice: DeviceChoice = {}) {
    super();
  }

  get camera(): MediaStreamTrack | null {
    return this.cameraTrack;
  }

  /** The open microphone, also while muted. */
  get microphone(): MediaStreamTrack | null {
    return this.microphoneTrack;
  }

  get muted(): boolean {
    return !this.microphoneOn || this.microphoneTrack === null;
  }

  get screen(): MediaStreamTrack | null {
    return this.screenTracks?.video ?? null;
  }

  get screenAudio(): MediaStreamTrack | null {
    return this.screenTracks?.audio ?? null;
  }

  /** Takes over what was opened together. */
  adopt(opened: Record<DeviceKind, Opened>, on: Record<DeviceKind, boolean>): void {
    this.microphoneOn = on.microphone;
    this.setMicrophone(opened.microphone.track);
    if (on.camera) this.setCamera(opened.camera.track);
    else opened.camera.track?.stop();
    this.emit('changed', undefined);
  }

  async setMuted(muted: boolean): Promise<void> {
    if (!muted && this.microphoneTrack === null) this.setMicrophone(await this.open('microphone'));
    this.microphoneOn = !muted && this.microphoneTrack !== null;
    if (this.microphoneTrack !== null) this.microphoneTrack.enabled = this.microphoneOn;
    this.emit('changed', undefined);
  }

  /** Off means off: the camera is released and its light goes out. */
  async setCameraOn(on: boolean): Promise<void> {
    if (on && this.cameraTrack === null) this.setCamera(await this.open('camera'));
    if (!on) {
      this.cameraTrack?.stop();
      this.cameraTrack = null;
    }
    this.emit('changed', undefined);
  }

  async shareScreen(): Promise<void> {
    try {
      const tracks = await openScreen();
      if (tracks === null) return;
      this.stopScreen();
      this.screenTracks = tracks;
      tracks.video.addEventListener('ended', () => this.stopScreen());
      this.emit('changed', undefined);
    } catch (error) {
      this.emit('problem', { kind: 'screen', words: (error as Error).message });
    }
  }

  stopScreen(): void {
    if (this.screenTracks === null) return;
    this.screenTracks.video.stop();
    this.screenTracks.audio?.stop();
    this.screenTracks = null;
    this.emit('changed', undefined);
  }

  close(): void {
    this.cameraTrack?.stop();
    this.microphoneTrack?.stop();
    this.cameraTrack = null;
    this.microphoneTrack = null;
    this.stopScreen();
  }

  private async open(kind: DeviceKind): Promise<MediaStreamTrack | null> {
    if (this.opening.has(kind)) return null;
    this.opening.add(kind);
    const { track, problem } = await openDevice(kind, this.choice);
    this.opening.delete(kind);
    if (problem !== null) this.emit('problem', { kind, words: problem });
    return track;
  }

  private setCamera(track: MediaStreamTrack | null): void {
    if (track === null) return;
    this.cameraTrack = track;
    track.addEventListener('ended', () => {
      if (this.cameraTrack !== track) return;
      this.cameraTrack = null;
      this.emit('problem', { kind: 'camera', words: 'The camera was unplugged or taken away.' });
      this.emit('changed', undefined);
    });
  }

  private setMicrophone(track: MediaStreamTrack | null): void {
    if (track === null) return;
    this.microphoneTrack = track;
    track.enabled = this.microphoneOn;
    track.addEventListener('ended', () => {
      if (this.microphoneTrack !== track) return;
      this.microphoneTrack = null;
      this.emit('problem', {
        kind: 'microphone',
        words: 'The microphone was unplugged or taken away.',
      });
      this.emit('changed', undefined);
    });
  }
}
