import type { types } from 'mediasoup-client';
import { StallWatch } from '../media/stall-watch';
import type { Direction } from '../net/contract';
import { RequestError, type Signaling } from '../net/signaling';

/** Between two restarts of one transport: what the first one brings takes a moment. */
const PAUSE_MS = 2_000;
/** Where media stalls and no answer comes for so long, the connection of signaling is gone too. */
const QUICK_ANSWER_MS = 250;
const PATIENT_ANSWER_MS = 5_000;

/**
 * Keeps one transport's way to the server open when the network under it changes: asks for an ICE
 * restart when packets stop coming, when the browser or the server says that the peer is gone, and
 * when the machine is online again.
 */
export class IceRestarter {
  private readonly offs: (() => void)[] = [];
  private asking = false;
  /** A restart is wanted, and waits for a connection to ask over. */
  private waits = false;
  private answerMs = QUICK_ANSWER_MS;
  private restartedAt = -Infinity;
  private retry: number | undefined;

  constructor(
    private readonly signaling: Signaling,
    private readonly direction: Direction,
    private readonly transport: types.Transport,
    /** The packets that the transport has received, or null where none are to be expected. */
    count: () => Promise<number | null>,
  ) {
    const restart = (): void => void this.restart();
    const watch = new StallWatch(count, restart);
    window.addEventListener('online', restart);
    this.offs.push(
      () => watch.close(),
      () => window.removeEventListener('online', restart),
      signaling.on('connected', () => {
        if (this.waits) restart();
      }),
      signaling.onServer('transport-state-changed', (state) => {
        if (state.direction === direction && state.iceState === 'disconnected') restart();
      }),
    );
  }

  close(): void {
    window.clearTimeout(this.retry);
    for (const off of this.offs) off();
  }

  handleState(state: types.ConnectionState): void {
    window.clearTimeout(this.retry);
    if (state === 'disconnected') void this.restart();
  }

  private async restart(): Promise<void> {
    const { signaling, direction, transport } = this;
    if (transport.closed || transport.connectionState === 'new' || this.asking) return;
    this.waits = !signaling.connected;
    if (this.waits) return;
    const early = this.restartedAt + PAUSE_MS - performance.now();
    if (early > 0) {
      this.tryAgain(early);
      return;
    }
    this.asking = true;
    try {
      const asked = signaling.request('restart-ice', { direction }, this.answerMs);
      const { iceParameters } = await asked;
      this.restartedAt = performance.now();
      this.answerMs = QUICK_ANSWER_MS;
      if (!transport.closed) await transport.restartIce({ iceParameters });
    } catch (error) {
      if (error instanceof RequestError && error.code === 'no_answer') {
        this.waits = true;
        this.answerMs = PATIENT_ANSWER_MS;
        signaling.renew();
      } else if (!transport.closed) {
        console.warn('restart-ice', direction, error);
      }
    } finally {
      this.asking = false;
    }
  }

  private tryAgain(inMs: number): void {
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => {
      if (this.transport.connectionState !== 'connected') void this.restart();
    }, inMs);
  }
}

interface TransportReport {
  type: string;
  packetsReceived?: number;
}

/** Packets that a sender's or receiver's transport has received so far, from its statistics. */
export async function packetsReceived(
  of: RTCRtpSender | RTCRtpReceiver | undefined,
): Promise<number | null> {
  if (of === undefined) return null;
  for (const report of (await of.getStats()).values() as Iterable<TransportReport>) {
    if (report.type === 'transport') return report.packetsReceived ?? null;
  }
  return null;
}
