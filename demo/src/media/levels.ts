/** How loud somebody has to be (linear, 1 is full scale) to count as speaking. */
const SPEAKING_LEVEL = 0.015;
/** A pause between two words does not end a turn. */
const HOLD_MS = 700;
const POLL_MS = 120;

export interface LevelSource {
  id: string;
  /** Linear level from 0 to 1 of the last moments. */
  level(): number;
}

/** What a receiver says of its own last packets; browsers keep each entry for ten seconds. */
export function receiverLevel(receiver: RTCRtpReceiver): number {
  let loudest = 0;
  for (const source of receiver.getSynchronizationSources()) {
    loudest = Math.max(loudest, source.audioLevel ?? 0);
  }
  return loudest;
}

/** Measures a local track; it has no receiver to ask. */
export class TrackMeter {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(track: MediaStreamTrack) {
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaStreamSource(new MediaStream([track])).connect(this.analyser);
    // A page that was not clicked yet has its audio suspended; any later gesture starts it.
    void this.context.resume();
  }

  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return Math.sqrt(sum / this.samples.length);
  }

  close(): void {
    void this.context.close();
  }
}

/** Asks every source several times a second and tells who is speaking. */
export class SpeakerWatch {
  private readonly loudUntil = new Map<string, number>();
  private readonly timer: number;

  constructor(
    sources: () => LevelSource[],
    tell: (speaking: ReadonlySet<string>, levels: ReadonlyMap<string, number>) => void,
  ) {
    this.timer = window.setInterval(() => {
      const now = performance.now();
      const levels = new Map<string, number>();
      for (const source of sources()) {
        const level = source.level();
        levels.set(source.id, level);
        if (level >= SPEAKING_LEVEL) this.loudUntil.set(source.id, now + HOLD_MS);
      }
      const speaking = new Set<string>();
      for (const [id, until] of this.loudUntil) {
        if (until > now && levels.has(id)) speaking.add(id);
        else this.loudUntil.delete(id);
      }
      tell(speaking, levels);
    }, POLL_MS);
  }

  close(): void {
    window.clearInterval(this.timer);
  }
}
