/** How often the packets of a transport are counted. */
const LOOK_MS = 100;
/** Silence of a transport that was busy: its way is gone, or about to come back by itself. */
const STALL_MS = 350;
/** Packets in the second before, from which on a transport counts as busy. */
const BUSY_PACKETS = 8;

interface Look {
  at: number;
  packets: number;
}

/**
 * Watches what one transport receives, media or feedback on what it sends, and says so when that
 * stops from one moment to the next, long before a browser notices that a network has changed.
 */
export class StallWatch {
  private looks: Look[] = [];
  private readonly timer: number;

  constructor(
    /** The packets received so far, or null where nothing flows that could stop. */
    private readonly count: () => Promise<number | null>,
    private readonly stalled: () => void,
  ) {
    this.timer = window.setInterval(() => void this.look(), LOOK_MS);
  }

  close(): void {
    window.clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const packets = await this.count().catch(() => null);
    const at = performance.now();
    if (packets === null) {
      this.looks = [];
      return;
    }
    this.looks.push({ at, packets });
    if (this.hasStalled(at, packets)) {
      this.looks = [];
      this.stalled();
      return;
    }
    this.looks = this.looks.filter((look) => at - look.at < 1_000 + STALL_MS + LOOK_MS);
  }

  private hasStalled(at: number, packets: number): boolean {
    const silent = this.looks.filter((look) => look.packets === packets);
    const since = silent[0]?.at ?? at;
    if (at - since < STALL_MS) return false;
    const before = this.looks.filter((look) => look.at <= since && since - look.at <= 1_000);
    const first = before[0];
    return first !== undefined && packets - first.packets >= BUSY_PACKETS;
  }
}
