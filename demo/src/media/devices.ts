/** Opening camera and microphone, and saying in words why it did not work. */

export type DeviceKind = 'camera' | 'microphone';

/** Which device to use, by its id; the browser's choice where there is none. */
export type DeviceChoice = Partial<Record<DeviceKind, string>>;

export interface Opened {
  track: MediaStreamTrack | null;
  /** Why there is no track, for people to read; null where there is one. */
  problem: string | null;
}

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
  facingMode: 'user',
};

const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export function canCapture(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function';
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/** What there is to choose from; empty before the browser was allowed to tell names. */
export async function listDevices(kind: DeviceKind): Promise<MediaDeviceInfo[]> {
  if (!canCapture()) return [];
  const wanted = kind === 'camera' ? 'videoinput' : 'audioinput';
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter((device) => device.kind === wanted && device.label !== '');
}

function constraintsFor(kind: DeviceKind, choice: DeviceChoice): MediaTrackConstraints {
  const usual = kind === 'camera' ? CAMERA : MICROPHONE;
  const chosen = choice[kind];
  // Ideal, not exact: a device that was unplugged since must not keep anybody out.
  return chosen === undefined ? usual : { ...usual, deviceId: { ideal: chosen } };
}

export async function openDevice(kind: DeviceKind, choice: DeviceChoice = {}): Promise<Opened> {
  if (!canCapture()) return { track: null, problem: insecureWords() };
  try {
    const constraints = constraintsFor(kind, choice);
    const stream = await navigator.mediaDevices.getUserMedia(
      kind === 'camera' ? { video: constraints } : { audio: constraints },
    );
    return { track: stream.getTracks()[0] ?? null, problem: null };
  } catch (error) {
    return { track: null, problem: problemWords(kind, error) };
  }
}

/**
 * Opens both with one question to the user, and each alone where that fails, so that a missing
 * camera does not cost the microphone.
 */
export async function openBoth(choice: DeviceChoice = {}): Promise<Record<DeviceKind, Opened>> {
  if (canCapture()) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: constraintsFor('microphone', choice),
        video: constraintsFor('camera', choice),
      });
      return {
        camera: { track: stream.getVideoTracks()[0] ?? null, problem: null },
        microphone: { track: stream.getAudioTracks()[0] ?? null, problem: null },
      };
    } catch {
      // Which of the two it was, only asking for each alone can tell.
    }
  }
  const microphone = await openDevice('microphone', choice);
  const camera = await openDevice('camera', choice);
  return { camera, microphone };
}

/** @returns null if the user changed their mind. @throws with words for people otherwise. */
export async function openScreen(): Promise<{
  video: MediaStreamTrack;
  audio: MediaStreamTrack | null;
} | null> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 15, max: 30 } },
      audio: true,
    });
    const video = stream.getVideoTracks()[0];
    if (video === undefined) return null;
    video.contentHint = 'detail';
    return { video, audio: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotAllowedError') return null;
    throw new Error('Your screen could not be captured. The system may not allow it.', {
      cause: error,
    });
  }
}

function insecureWords(): string {
  return window.isSecureContext
    ? 'This browser gives pages no camera or microphone.'
    : 'Browsers give camera and microphone only to HTTPS pages (or localhost).';
}

function problemWords(kind: DeviceKind, error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  const Kind = kind === 'camera' ? 'Camera' : 'Microphone';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `${Kind} is blocked. Allow it in the browser’s address bar.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${kind} was found.`;
    case 'NotReadableError':
    case 'AbortError':
      return `${Kind} is in use by another program, or does not answer.`;
    default:
      return `${Kind} could not be started.`;
  }
}
