import { Emitter } from '../emitter';
import type { LevelSource } from '../media/levels';
import { TrackMeter } from '../media/levels';
import type { MediaType, RefusalCode } from '../net/contract';
import { RequestError, Signaling } from '../net/signaling';
import type { Credentials } from '../net/token';
import type { LocalMedia } from './local-media';
import type { Person } from './person';
import { Session } from './session';

export type CallState =
  | { is: 'joining' }
  | { is: 'joined' }
  | { is: 'away'; words: string }
  | { is: 'ended'; words: string; tokenRefused?: boolean };

export interface CallEvents {
  state: CallState;
  people: Person[];
  announce: string;
  problem: string;
}

/** A connection that is back before then was not worth a word: media went on without it. */
const SILENT_AWAY_MS = 4_000;

/** How often media may fail before the page says so instead of joining once more. */
const MAX_BROKEN_IN_A_ROW = 2;

/** One meeting from joining to leaving, across as many connections as that takes. */
export class Call extends Emitter<CallEvents> {
  private readonly signaling: Signaling;
  private readonly offLocal: () => void;
  private session: Session | null = null;
  private state: CallState = { is: 'joining' };
  private brokenInARow = 0;
  private awayTimer: number | undefined;
  /** Who was here when the connection went: they stay in sight until it is known who still is. */
  private lastSeen: Person[] = [];
  private ownMeter: { track: MediaStreamTrack; meter: TrackMeter } | null = null;

  constructor(
    private readonly roomId: string,
    private readonly selfName: string,
    private credentials: Credentials,
    private readonly local: LocalMedia,
    /** Another token after the server refused this one; null where there is none to be had. */
    private readonly renew: () => Promise<Credentials | null>,
  ) {
    super();
    this.signaling = new Signaling(() => this.credentials.token, roomId);
    this.offLocal = local.on('changed', () => {
      void this.session?.publish(local);
      this.emitPeople();
    });
    this.signaling.on('connected', () => void this.handleConnected());
    this.signaling.on('away', ({ code }) => this.handleAway(code));
    this.signaling.on('refused', ({ code }) => void this.handleRefused(code));
    this.signaling.onServer('server-draining', () =>
      this.emit('announce', 'The server restarts soon. You will be back by yourself.'),
    );
  }

  start(): void {
    this.signaling.connect();
    this.emitPeople();
  }

  get selfId(): string {
    return this.credentials.userId;
  }

  async leave(): Promise<void> {
    this.offLocal();
    await this.session?.leave();
    this.close();
  }

  setWanted(participantId: string, type: MediaType, wanted: boolean): void {
    this.session?.setWanted(participantId, type, wanted);
  }

  setLayer(participantId: string, layer: number): void {
    this.session?.setLayer(participantId, layer);
  }

  /** The sound of everybody else, by a name that is new for each track's owner and kind. */
  sounds(): Map<string, MediaStreamTrack> {
    const sounds = new Map<string, MediaStreamTrack>();
    for (const id of this.session?.remotes.keys() ?? []) {
      for (const type of ['audio', 'screen-audio'] as const) {
        const track = this.session?.track(id, type) ?? null;
        if (track !== null) sounds.set(`${id}/${type}`, track);
      }
    }
    return sounds;
  }

  levelSources(): LevelSource[] {
    const sources = this.session?.levelSources() ?? [];
    const meter = this.meterOwnVoice();
    if (meter !== null) sources.push({ id: this.selfId, level: () => meter.level() });
    return sources;
  }

  private meterOwnVoice(): TrackMeter | null {
    const track = this.local.muted ? null : this.local.microphone;
    if (this.ownMeter !== null && this.ownMeter.track !== track) {
      this.ownMeter.meter.close();
      this.ownMeter = null;
    }
    if (track !== null) this.ownMeter ??= { track, meter: new TrackMeter(track) };
    return this.ownMeter?.meter ?? null;
  }

  private async handleConnected(): Promise<void> {
    window.clearTimeout(this.awayTimer);
    if (this.session !== null && (await this.resume(this.session))) return;
    this.session?.close();
    const session = new Session(
      this.signaling,
      this.roomId,
      this.selfId,
      this.credentials.iceServers,
    );
    this.session = session;
    session.on('changed', () => this.emitPeople());
    session.on('joined', ({ participantId }) =>
      this.emit('announce', `${this.nameOf(participantId)} joined`),
    );
    session.on('left', ({ participantId }) =>
      this.emit('announce', `${this.nameOf(participantId)} left`),
    );
    session.on('problem', ({ words }) => this.emit('problem', words));
    session.on('flowing', () => {
      this.brokenInARow = 0;
    });
    session.on('broken', () => this.handleBroken());
    session.on('replaced', () =>
      this.end('You joined this meeting from somewhere else, so it goes on there.'),
    );
    try {
      await session.join();
      this.setState({ is: 'joined' });
      this.emitPeople();
      await session.publish(this.local);
    } catch (error) {
      this.handleJoinFailure(session, error);
    }
  }

  /** @returns false where the stay cannot go on and a new one has to begin. */
  private async resume(session: Session): Promise<boolean> {
    try {
      if (!(await session.resume())) return false;
      if (this.session !== session) return true;
      this.setState({ is: 'joined' });
      this.emitPeople();
      await session.publish(this.local);
    } catch (error) {
      this.handleJoinFailure(session, error);
    }
    return true;
  }

  private handleJoinFailure(session: Session, error: unknown): void {
    if (this.session !== session || !this.signaling.connected) return;
    if (error instanceof RequestError && error.code === 'no_answer') {
      this.handleBroken();
      return;
    }
    console.error('join', error);
    this.end(joinFailureWords(error));
  }

  private handleAway(code: RefusalCode | undefined): void {
    if (this.state.is === 'ended') return;
    const words =
      code === 'server_full'
        ? 'The server is full. Trying again…'
        : code === 'rate_limited'
          ? 'Too many attempts. Trying again in a moment…'
          : code === 'shutting_down'
            ? 'The server is restarting. You will be back in a moment…'
            : this.state.is === 'joining'
              ? 'The server does not answer. Trying again…'
              : 'Connection lost. Trying to reconnect…';
    window.clearTimeout(this.awayTimer);
    const tell = () => {
      this.setState({ is: 'away', words });
      this.emitPeople();
    };
    // The server keeps this stay for a while, and sound and picture go on.
    const isKept = this.session !== null && this.state.is === 'joined';
    if (isKept) this.awayTimer = window.setTimeout(tell, SILENT_AWAY_MS);
    else tell();
  }

  private async handleRefused(code: RefusalCode): Promise<void> {
    const renewed = await this.renew().catch(() => null);
    if (this.state.is === 'ended') return;
    if (renewed !== null) {
      this.credentials = renewed;
      this.signaling.reconnect();
      return;
    }
    const words =
      code === 'token_expired'
        ? 'Your access to this server has expired. Ask for a new invitation.'
        : 'The server did not accept your access token.';
    this.end(words, true);
  }

  private handleBroken(): void {
    // Without a connection that is no sign of a firewall: the server may be gone as well.
    if (this.signaling.connected) this.brokenInARow += 1;
    if (this.brokenInARow > MAX_BROKEN_IN_A_ROW) {
      this.end('Sound and picture cannot reach the server. A firewall may be in the way.');
      return;
    }
    this.session?.close();
    this.session = null;
    window.clearTimeout(this.awayTimer);
    this.setState({ is: 'away', words: 'Sound and picture were interrupted. Joining again…' });
    this.emitPeople();
    if (this.signaling.connected) this.signaling.reconnect();
  }

  private end(words: string, tokenRefused = false): void {
    this.setState(tokenRefused ? { is: 'ended', words, tokenRefused } : { is: 'ended', words });
    this.close();
  }

  private close(): void {
    window.clearTimeout(this.awayTimer);
    this.offLocal();
    this.session?.close();
    this.session = null;
    this.ownMeter?.meter.close();
    this.ownMeter = null;
    this.signaling.close();
  }

  private setState(state: CallState): void {
    this.state = state;
    this.emit('state', state);
  }

  private nameOf(participantId: string): string {
    const info = this.session?.remotes.get(participantId)?.info;
    return displayName(info?.name ?? info?.email ?? participantId);
  }

  private emitPeople(): void {
    const { local, session } = this;
    const people: Person[] = [
      {
        id: this.selfId,
        name: this.selfName,
        isSelf: true,
        muted: local.muted,
        camera: local.camera,
        screen: local.screen,
      },
    ];
    if (this.state.is === 'away' && session === null) {
      people.push(...this.lastSeen.map((person) => ({ ...person, camera: null, screen: null })));
    } else {
      this.lastSeen = session === null ? [] : this.others(session);
      people.push(...this.lastSeen);
    }
    this.emit('people', people);
  }

  private others(session: Session): Person[] {
    return [...session.remotes.keys()].map((id) => ({
      id,
      name: this.nameOf(id),
      isSelf: false,
      muted: session.track(id, 'audio') === null,
      camera: session.track(id, 'video'),
      screen: session.track(id, 'screen-video'),
    }));
  }
}

/** An address is no name: what stands before the @ has to do. */
function displayName(known: string): string {
  const at = known.indexOf('@');
  return at > 0 ? known.slice(0, at) : known;
}

function joinFailureWords(error: unknown): string {
  if (error instanceof RequestError) return `The server refused: ${error.message}.`;
  return 'This browser cannot take part: it lacks what a video call needs.';
}
