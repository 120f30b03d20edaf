import { Device, type types } from 'mediasoup-client';
import { Emitter } from '../emitter';
import { CAMERA_ENCODINGS, SCREEN_ENCODINGS } from '../media/encodings';
import { receiverLevel, type LevelSource } from '../media/levels';
import {
  mediaTypeOf,
  type Direction,
  type KeptStay,
  type MediaType,
  type NewConsumer,
  type UserInfo,
} from '../net/contract';
import { RequestError, type Signaling } from '../net/signaling';
import { IceRestarter, packetsReceived } from './ice-restarter';
import type { LocalMedia } from './local-media';

interface Remote {
  info: UserInfo | undefined;
  consumers: Map<MediaType, RemoteConsumer>;
}

interface RemoteConsumer {
  consumer: types.Consumer;
  producerPaused: boolean;
  wanted: boolean;
  layer: number | null;
}

interface SessionEvents {
  changed: undefined;
  joined: { participantId: string };
  left: { participantId: string };
  replaced: undefined;
  /** Media flows, in at least one direction. */
  flowing: undefined;
  /** Media cannot reach the server any more: only joining anew helps. */
  broken: { direction: Direction };
  problem: { words: string };
}

/** One stay in a room, over one connection after another as long as the server keeps it. */
export class Session extends Emitter<SessionEvents> {
  readonly remotes = new Map<string, Remote>();
  private readonly device = new Device();
  private readonly producers = new Map<MediaType, types.Producer>();
  private readonly offs: (() => void)[] = [];
  private sendTransport: types.Transport | null = null;
  private recvTransport: types.Transport | null = null;
  private publishing: Promise<void> = Promise.resolve();
  /** Those that are about to be in `remotes`. */
  private readonly consuming = new Set<string>();
  private closed = false;

  constructor(
    private readonly signaling: Signaling,
    private readonly roomId: string,
    private readonly selfId: string,
    private readonly iceServers: RTCIceServer[] | undefined,
  ) {
    super();
    this.listen();
  }

  /** @throws RequestError where the server refuses a step. */
  async join(): Promise<void> {
    const { rtpCapabilities } = await this.signaling.request('join-room', { roomId: this.roomId });
    await this.device.load({ routerRtpCapabilities: rtpCapabilities });
    this.recvTransport = await this.createTransport('recv');
    await this.signaling.request('set-rtp-capabilities', {
      rtpCapabilities: this.device.recvRtpCapabilities,
    });
    this.sendTransport = await this.createTransport('send');
  }

  /**
   * Takes the stay over to a new connection.
   * @returns false where the server has not kept it, or has kept something else; nothing is joined then.
   * @throws RequestError where the server refuses.
   */
  async resume(): Promise<boolean> {
    const kept = await this.signaling.request('join-room', { roomId: this.roomId, resume: true });
    if (kept.resumed === true && this.hasTransportsOf(kept)) {
      await this.catchUp(kept);
      return true;
    }
    await this.tryRequest('leave-room', undefined);
    return false;
  }

  private hasTransportsOf({ transports }: KeptStay): boolean {
    return [this.sendTransport, this.recvTransport].every((own) => {
      const theirs = transports.find(({ id }) => id === own?.id);
      return own !== null && theirs?.connected === (own.connectionState !== 'new');
    });
  }

  /** Brings both sides in line after a time in which neither heard of the other. */
  private async catchUp(kept: KeptStay): Promise<void> {
    const present = new Set(kept.participants.map(({ participantId }) => participantId));
    for (const id of [...this.remotes.keys()]) if (!present.has(id)) this.forget(id);
    for (const { participantId, userInfo } of kept.participants) {
      const isNew = !this.remotes.has(participantId);
      this.know(participantId, userInfo);
      if (isNew) this.emit('joined', { participantId });
    }
    const consumers = new Map(kept.consumers.map((offer) => [offer.consumerId, offer]));
    for (const remote of this.remotes.values()) {
      for (const { consumer, wanted } of remote.consumers.values()) {
        const theirs = consumers.get(consumer.id);
        consumers.delete(consumer.id);
        if (theirs === undefined) this.dropConsumer(consumer.id);
        else this.markPaused(consumer.id, theirs.producerPaused);
        if (theirs?.paused === wanted) void this.askFor(consumer.id, wanted);
      }
    }
    for (const offer of consumers.values()) void this.consume(offer);
    for (const [type, producer] of this.producers) {
      const theirs = kept.producers.find(({ id }) => id === producer.id);
      if (theirs === undefined) {
        producer.close();
        this.producers.delete(type);
      } else if (theirs.paused !== producer.paused) {
        const event = producer.paused ? 'pause-producer' : 'resume-producer';
        await this.signaling.request(event, { kind: type });
      }
    }
    this.emit('changed', undefined);
  }

  /** Brings what is published in line with what is switched on; calls run one after another. */
  publish(local: LocalMedia): Promise<void> {
    this.publishing = this.publishing.then(async () => {
      await this.publishOne('audio', local.microphone, local.muted);
      await this.publishOne('video', local.camera, local.camera === null);
      await this.publishOne('screen-video', local.screen, false);
      await this.publishOne('screen-audio', local.screenAudio, false);
    });
    return this.publishing;
  }

  /** Frames for a tile nobody can see cost everybody; asks only for what is looked at. */
  setWanted(participantId: string, type: MediaType, wanted: boolean): void {
    const entry = this.remotes.get(participantId)?.consumers.get(type);
    if (entry === undefined || entry.wanted === wanted || this.closed) return;
    entry.wanted = wanted;
    void this.askFor(entry.consumer.id, wanted);
  }

  private askFor(consumerId: string, wanted: boolean): Promise<void> {
    return this.tryRequest(wanted ? 'resume-consumer' : 'pause-consumer', { consumerId });
  }

  setLayer(participantId: string, layer: number): void {
    const entry = this.remotes.get(participantId)?.consumers.get('video');
    if (entry === undefined || entry.layer === layer || this.closed) return;
    entry.layer = layer;
    void this.tryRequest('set-preferred-layers', {
      consumerId: entry.consumer.id,
      spatialLayer: layer,
    });
  }

  track(participantId: string, type: MediaType): MediaStreamTrack | null {
    const entry = this.remotes.get(participantId)?.consumers.get(type);
    return entry === undefined || entry.producerPaused ? null : entry.consumer.track;
  }

  levelSources(): LevelSource[] {
    const sources: LevelSource[] = [];
    for (const [id, remote] of this.remotes) {
      const audio = remote.consumers.get('audio');
      const receiver = audio?.consumer.rtpReceiver;
      if (audio === undefined || audio.producerPaused || receiver === undefined) continue;
      sources.push({ id, level: () => receiverLevel(receiver) });
    }
    return sources;
  }

  async leave(): Promise<void> {
    if (this.signaling.connected) await this.tryRequest('leave-room', undefined);
    this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const off of this.offs) off();
    this.sendTransport?.close();
    this.recvTransport?.close();
    this.remotes.clear();
  }

  private listen(): void {
    const { signaling } = this;
    this.offs.push(
      signaling.onServer('existing-participants', ({ participants }) => {
        for (const { participantId, userInfo } of participants) this.know(participantId, userInfo);
        this.emit('changed', undefined);
      }),
      signaling.onServer('participant-joined', ({ participantId, userInfo }) => {
        this.know(participantId, userInfo);
        this.emit('joined', { participantId });
        this.emit('changed', undefined);
      }),
      signaling.onServer('participant-left', ({ participantId }) => {
        this.forget(participantId);
        this.emit('changed', undefined);
      }),
      signaling.onServer('participant-replaced', () => this.emit('replaced', undefined)),
      signaling.onServer('new-consumer', (offer) => void this.consume(offer)),
      signaling.onServer('consumer-closed', ({ consumerId }) => this.dropConsumer(consumerId)),
      signaling.onServer('consumer-producer-paused', ({ consumerId }) =>
        this.markPaused(consumerId, true),
      ),
      signaling.onServer('consumer-producer-resumed', ({ consumerId }) =>
        this.markPaused(consumerId, false),
      ),
    );
  }

  private forget(participantId: string): void {
    this.emit('left', { participantId });
    for (const { consumer } of this.remotes.get(participantId)?.consumers.values() ?? []) {
      consumer.close();
    }
    this.remotes.delete(participantId);
  }

  private know(participantId: string, info?: UserInfo): void {
    if (participantId === this.selfId) return;
    const known = this.remotes.get(participantId);
    if (known === undefined) this.remotes.set(participantId, { info, consumers: new Map() });
    else known.info = info ?? known.info;
  }

  private async createTransport(direction: Direction): Promise<types.Transport> {
    const created = await this.signaling.request('create-webrtc-transport', {
      roomId: this.roomId,
      direction,
    });
    const options: types.TransportOptions = {
      id: created.id,
      iceParameters: created.iceParameters,
      iceCandidates: created.iceCandidates,
      dtlsParameters: created.dtlsParameters,
    };
    const iceServers = created.iceServers ?? this.iceServers;
    if (iceServers !== undefined) options.iceServers = iceServers;
    const transport =
      direction === 'send'
        ? this.device.createSendTransport(options)
        : this.device.createRecvTransport(options);
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      this.signaling
        .request('connect-webrtc-transport', { dtlsParameters, direction })
        .then(() => done(), failed);
    });
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      this.signaling
        .request('create-producer', { kind, rtpParameters, appData })
        .then(({ producerId }) => done({ id: producerId }), failed);
    });
    const restarter = new IceRestarter(this.signaling, direction, transport, () =>
      packetsReceived(this.witness(direction)),
    );
    this.offs.push(() => restarter.close());
    transport.on('connectionstatechange', (state) => {
      restarter.handleState(state);
      if (state === 'connected') this.emit('flowing', undefined);
      if (state === 'failed' && !this.closed) this.emit('broken', { direction });
    });
    return transport;
  }

  /** Something on the transport that receives packets as long as its way is open. */
  private witness(direction: Direction): RTCRtpSender | RTCRtpReceiver | undefined {
    if (direction === 'send') {
      for (const { paused, rtpSender } of this.producers.values()) if (!paused) return rtpSender;
      return undefined;
    }
    for (const remote of this.remotes.values()) {
      for (const { consumer, producerPaused, wanted } of remote.consumers.values()) {
        if (!producerPaused && wanted) return consumer.rtpReceiver;
      }
    }
    return undefined;
  }

  private async consume(offer: NewConsumer): Promise<void> {
    const { participantId, consumerId } = offer;
    const type = mediaTypeOf(offer);
    this.know(participantId);
    if (this.recvTransport === null || this.hasConsumer(consumerId)) return;
    this.consuming.add(consumerId);
    try {
      const consumer = await this.recvTransport.consume({
        id: consumerId,
        producerId: offer.producerId,
        kind: offer.kind,
        rtpParameters: offer.rtpParameters,
        // Lips follow the voice; a shared screen has no voice to follow.
        streamId: type.startsWith('screen') ? `${participantId}-screen` : participantId,
      });
      const remote = this.remotes.get(participantId);
      if (this.closed || remote === undefined) {
        consumer.close();
        return;
      }
      remote.consumers.get(type)?.consumer.close();
      remote.consumers.set(type, {
        consumer,
        producerPaused: offer.producerPaused,
        wanted: true,
        layer: null,
      });
      await this.signaling.request('resume-consumer', { consumerId });
      this.emit('changed', undefined);
    } catch (error) {
      if (this.isOver(error)) return;
      this.emit('problem', { words: `Somebody's ${type} could not be received.` });
      console.error('consume', type, error);
    } finally {
      this.consuming.delete(consumerId);
    }
  }

  private hasConsumer(consumerId: string): boolean {
    const remotes = [...this.remotes.values()];
    return (
      this.consuming.has(consumerId) ||
      remotes.some(({ consumers }) =>
        [...consumers.values()].some(({ consumer }) => consumer.id === consumerId),
      )
    );
  }

  private dropConsumer(consumerId: string): void {
    for (const remote of this.remotes.values()) {
      for (const [type, { consumer }] of remote.consumers) {
        if (consumer.id !== consumerId) continue;
        consumer.close();
        remote.consumers.delete(type);
      }
    }
    this.emit('changed', undefined);
  }

  private markPaused(consumerId: string, paused: boolean): void {
    for (const remote of this.remotes.values()) {
      for (const entry of remote.consumers.values()) {
        if (entry.consumer.id === consumerId) entry.producerPaused = paused;
      }
    }
    this.emit('changed', undefined);
  }

  private async publishOne(
    type: MediaType,
    track: MediaStreamTrack | null,
    paused: boolean,
  ): Promise<void> {
    if (this.closed || this.sendTransport === null || !this.signaling.connected) return;
    const producer = this.producers.get(type);
    try {
      if (producer === undefined) {
        if (track !== null) await this.produce(type, track, paused);
        return;
      }
      if (track === null && type.startsWith('screen')) {
        producer.close();
        this.producers.delete(type);
        await this.signaling.request('close-producer', { kind: type });
        return;
      }
      if (producer.track !== track) await producer.replaceTrack({ track });
      if (paused === producer.paused) return;
      if (paused) producer.pause();
      else producer.resume();
      await this.signaling.request(paused ? 'pause-producer' : 'resume-producer', { kind: type });
    } catch (error) {
      if (this.isOver(error)) return;
      this.emit('problem', { words: `Your ${WORDS[type]} could not be sent.` });
      console.error('publish', type, error);
    }
  }

  private async produce(type: MediaType, track: MediaStreamTrack, paused: boolean): Promise<void> {
    const kind = type.endsWith('audio') ? 'audio' : 'video';
    if (!this.device.canProduce(kind)) return;
    const options: types.ProducerOptions = {
      track,
      stopTracks: false,
      disableTrackOnPause: false,
      zeroRtpOnPause: false,
      appData: type.startsWith('screen') ? { screen: true } : {},
    };
    if (type === 'video') {
      options.encodings = CAMERA_ENCODINGS;
      options.codecOptions = { videoGoogleStartBitrate: 1000 };
    }
    if (type === 'screen-video') options.encodings = SCREEN_ENCODINGS;
    if (type === 'screen-audio') options.codecOptions = { opusStereo: true, opusDtx: false };
    if (type === 'audio') options.codecOptions = { opusDtx: true, opusFec: true };
    const producer = await this.sendTransport?.produce(options);
    if (producer === undefined) return;
    this.producers.set(type, producer);
    if (paused) {
      producer.pause();
      await this.signaling.request('pause-producer', { kind: type });
    }
  }

  private async tryRequest(
    event: 'resume-consumer' | 'pause-consumer' | 'set-preferred-layers' | 'leave-room',
    payload: never | object | undefined,
  ): Promise<void> {
    if (!this.signaling.connected) return;
    try {
      await this.signaling.request(event, payload as never);
    } catch (error) {
      if (!this.isOver(error)) console.warn(event, error);
    }
  }

  /** Nothing to be told: it closed meanwhile, or is caught up with once there is a connection. */
  private isOver(error: unknown): boolean {
    return this.closed || !this.signaling.connected || isGone(error);
  }
}

const WORDS: Record<MediaType, string> = {
  audio: 'microphone',
  video: 'camera',
  'screen-video': 'screen',
  'screen-audio': "screen's sound",
};

/** What was asked about closed meanwhile: nothing that anybody has to be told. */
function isGone(error: unknown): boolean {
  return error instanceof RequestError && (error.code === 'closed' || error.code === 'not_found');
}
