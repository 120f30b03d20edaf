// A participant that speaks by reply events only, the way MeetLite's hooks do: `socket.once(reply)`
// for each request and no acknowledgement anywhere. It produces right after joining.
import { Device } from 'mediasoup-client';
import { io } from 'socket.io-client';

const REPLY_LIMIT_MS = 15_000;

class Hook {
  events = [];
  consumers = new Map();
  producers = new Map();
  tracks = new Map();
  device = new Device();

  /** @param {object} options url, token, roomId, transports, see scenarios for the rest */
  connect(options) {
    this.options = options;
    this.socket = io(options.url, {
      auth: { token: options.token },
      query: { roomId: options.roomId },
      transports: options.transports ?? ['websocket'],
      upgrade: options.upgrade ?? true,
      reconnection: options.startsAnew ?? false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 2_000,
      forceNew: true,
    });
    if (options.startsAnew) this.socket.io.on('reconnect', () => void this.startAnew());
    this.socket.onAny((event, payload) =>
      this.events.push({ event, payload, at: performance.now() }),
    );
    this.socket.on('disconnect', (reason) =>
      this.events.push({ event: 'disconnect', payload: reason }),
    );
    this.socket.on('new-consumer', (offer) => this.consume(offer));
    this.socket.on('consumer-closed', ({ consumerId }) => this.drop(consumerId));
    return new Promise((resolve, reject) => {
      this.socket.once('connect', () => resolve(this.socket.id));
      this.socket.once('connect_error', (error) =>
        reject(new Error(`${error.message} ${JSON.stringify(error.data ?? null)}`)),
      );
    });
  }

  /** Cuts the signaling connection without a word to the server of its reason. */
  cut() {
    this.socket.io.engine.close();
  }

  /** Connects again, as the same session where it is to be recovered. Resolves with whether it was. */
  comeBack({ recover }) {
    if (!recover) this.socket._pid = undefined;
    this.socket.connect();
    return new Promise((resolve) => {
      this.socket.once('connect', () => resolve(this.socket.recovered === true));
    });
  }

  resume() {
    const payload = { roomId: this.roomId, resume: true };
    return this.ask('join-room', payload, 'router-rtp-capabilities');
  }

  ids() {
    return {
      transports: [this.sendTransport.id, this.recvTransport.id].sort(),
      producers: [...this.producers.values()].map(({ id }) => id).sort(),
      consumers: [...this.consumers.keys()].sort(),
    };
  }

  async join() {
    const { roomId } = this.options;
    this.roomId = roomId;
    this.device = new Device();
    const { rtpCapabilities } = await this.ask('join-room', { roomId }, 'router-rtp-capabilities');
    this.routerRtpCapabilities = rtpCapabilities;
    await this.device.load({ routerRtpCapabilities: this.limited(rtpCapabilities) });
    this.sendTransport = await this.createTransport('send');
    this.recvTransport = await this.createTransport('recv');
    this.socket.emit('set-rtp-capabilities', {
      rtpCapabilities: this.device.recvRtpCapabilities ?? this.device.rtpCapabilities,
    });
  }

  /** Begins anew with all that it had produced, as the server knows nothing of it any more. */
  async startAnew() {
    const [audio, video] = ['audio', 'video'].map((type) => this.producers.has(type));
    this.closeMedia();
    await this.join();
    if (audio) await this.produceAudio();
    if (video) await this.produceVideo(this.videoWish);
  }

  /** For a client that lacks codecs: hides all others from mediasoup-client. */
  limited(rtpCapabilities) {
    const { onlyCodecs } = this.options;
    if (onlyCodecs === undefined) return rtpCapabilities;
    const keep = rtpCapabilities.codecs.filter(
      (codec) => codec.kind === 'audio' || onlyCodecs.includes(codec.mimeType.toLowerCase()),
    );
    const payloadTypes = new Set(keep.map((codec) => codec.preferredPayloadType));
    const rtx = rtpCapabilities.codecs.filter(
      (codec) =>
        codec.mimeType.toLowerCase() === 'video/rtx' && payloadTypes.has(codec.parameters.apt),
    );
    return { ...rtpCapabilities, codecs: [...keep, ...rtx] };
  }

  /** Sends a request and waits for its reply event, or for an `error` about it. */
  ask(event, payload, replyEvent, matches = () => true) {
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer);
        this.socket.off(replyEvent, onReply);
        this.socket.off('error', onError);
        settle(value);
      };
      const onReply = (reply) => matches(reply) && done(resolve, reply);
      const onError = (error) =>
        (error.event === undefined || error.event === event) &&
        done(reject, new Error(`${event}: ${JSON.stringify(error)}`));
      const timer = setTimeout(
        () => done(reject, new Error(`${event}: no ${replyEvent}`)),
        REPLY_LIMIT_MS,
      );
      this.socket.on(replyEvent, onReply);
      this.socket.on('error', onError);
      if (payload === undefined) this.socket.emit(event);
      else this.socket.emit(event, payload);
    });
  }

  async createTransport(direction) {
    const created = await this.ask(
      'create-webrtc-transport',
      { roomId: this.roomId, direction },
      'webrtc-transport-created',
      (reply) => reply.direction === direction,
    );
    const { id, iceParameters, iceCandidates, dtlsParameters, iceServers } = created;
    const options = {
      id,
      iceParameters,
      dtlsParameters,
      iceServers,
      iceTransportPolicy: this.options.iceTransportPolicy,
      iceCandidates: iceCandidates.map((candidate) => this.routed(candidate, direction)),
    };
    const transport =
      direction === 'send'
        ? this.device.createSendTransport(options)
        : this.device.createRecvTransport(options);
    transport.created = created;
    transport.on('connect', ({ dtlsParameters: own }, done) => {
      this.socket.emit('connect-webrtc-transport', { dtlsParameters: own, direction });
      done();
    });
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      this.ask(
        'create-producer',
        { kind, rtpParameters, appData },
        'producer-created',
        (reply) => reply.kind === kind,
      ).then(({ producerId }) => done({ id: producerId }), failed);
    });
    return transport;
  }

  /** New ICE credentials for a transport in mid-call, as mediasoup-client takes them. */
  async restartIce(direction) {
    const { iceParameters } = await this.ask(
      'restart-ice',
      { direction },
      'ice-restarted',
      (reply) => reply.direction === direction,
    );
    const transport = direction === 'send' ? this.sendTransport : this.recvTransport;
    await transport.restartIce({ iceParameters });
    return iceParameters.usernameFragment;
  }

  /** The pair of candidates that a transport's packets take: its two ends, as in getStats(). */
  async pairOf(direction) {
    const transport = direction === 'send' ? this.sendTransport : this.recvTransport;
    const reports = await transport.getStats();
    const own = [...reports.values()].find(
      (report) => report.type === 'transport' && report.selectedCandidatePairId !== undefined,
    );
    const pair = reports.get(own?.selectedCandidatePairId);
    return { local: reports.get(pair?.localCandidateId), remote: reports.get(pair?.remoteCandidateId) };
  }

  /** Sends media to another port than the server's where a test has put something between. */
  routed(candidate, direction) {
    const port = this.options.detour?.[direction];
    return port === undefined
      ? candidate
      : { ...candidate, ip: '127.0.0.1', address: '127.0.0.1', port };
  }

  async openCamera({ width = 640, height = 360 } = {}) {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { exact: width }, height: { exact: height } },
    });
    return stream.getVideoTracks()[0];
  }

  async openMicrophone() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    return stream.getAudioTracks()[0];
  }

  async produceAudio() {
    const track = await this.openMicrophone();
    return this.produce('audio', { track });
  }

  /** @param {object} wish codec (mime type, with `profile` where it has several), encodings, size */
  async produceVideo({ codec, profile, encodings, width, height } = {}) {
    this.videoWish = { codec, profile, encodings, width, height };
    const track = await this.openCamera({ width, height });
    return this.produce('video', {
      track,
      ...(codec === undefined ? {} : { codec: this.findCodec(codec, profile) }),
      ...(encodings === undefined ? {} : { encodings }),
      codecOptions: { videoGoogleStartBitrate: 1000 },
    });
  }

  async produceScreen({ width = 1000, height = 600 } = {}) {
    const track = this.drawScreen({ width, height });
    return this.produce('screen-video', { track, appData: { screen: true } });
  }

  /** A drawn screen of an odd shape, so that nobody takes it for a camera. */
  drawScreen({ width, height }) {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    let step = 0;
    setInterval(() => {
      step += 1;
      context.fillStyle = `hsl(${step % 360} 60% 50%)`;
      context.fillRect(0, 0, width, height);
      context.fillStyle = '#fff';
      context.fillRect((step * 7) % width, 100, 80, 80);
    }, 66);
    const [track] = canvas.captureStream(15).getVideoTracks();
    track.contentHint = 'detail';
    return track;
  }

  async produce(type, options) {
    const producer = await this.sendTransport.produce(options);
    this.producers.set(type, producer);
    return producer.id;
  }

  findCodec(mimeType, profile) {
    const found = this.device.sendRtpCapabilities ?? this.device.rtpCapabilities;
    const codec = found.codecs.find(
      (entry) =>
        entry.mimeType.toLowerCase() === mimeType.toLowerCase() &&
        (profile === undefined ||
          Object.values(entry.parameters ?? {}).some((value) => String(value) === profile)),
    );
    if (codec === undefined)
      throw new Error(`no ${mimeType} among ${JSON.stringify(found.codecs)}`);
    return codec;
  }

  async consume(offer) {
    const {
      consumerId,
      producerId,
      kind,
      rtpParameters,
      participantId,
      mediaType,
      producerPaused,
    } = offer;
    const entry = { ...offer, rtpParameters, paused: producerPaused };
    this.consumers.set(consumerId, entry);
    try {
      const consumer = await this.recvTransport.consume({
        id: consumerId,
        producerId,
        kind,
        rtpParameters,
      });
      entry.consumer = consumer;
      entry.element = this.play(consumer.track, `${participantId}/${mediaType}`);
      if (this.options.resume !== false) this.socket.emit('resume-consumer', { consumerId });
    } catch (error) {
      entry.failure = `${error.name}: ${error.message}`;
      console.error('consume', error);
    }
  }

  play(track, name) {
    const element = document.createElement(track.kind);
    element.autoplay = true;
    element.muted = track.kind === 'video';
    element.playsInline = true;
    element.dataset.name = name;
    element.srcObject = new MediaStream([track]);
    document.querySelector('#media').append(element);
    element.play().catch(() => undefined);
    return element;
  }

  drop(consumerId) {
    const entry = this.consumers.get(consumerId);
    entry?.consumer?.close();
    entry?.element?.remove();
    this.consumers.delete(consumerId);
  }

  find(participantId, mediaType) {
    return [...this.consumers.values()].find(
      (entry) => entry.participantId === participantId && entry.mediaType === mediaType,
    );
  }

  /** What is received of somebody: the inbound stream's statistics, or null without a consumer. */
  async received(participantId, mediaType) {
    const entry = this.find(participantId, mediaType);
    if (entry?.failure !== undefined) throw new Error(entry.failure);
    if (entry?.consumer === undefined) return null;
    const reports = [...(await entry.consumer.getStats()).values()];
    const inbound = reports.find((report) => report.type === 'inbound-rtp');
    if (inbound === undefined) return null;
    const codec = reports.find((report) => report.id === inbound.codecId);
    return { ...inbound, mimeType: codec?.mimeType, consumerId: entry.consumerId };
  }

  async sent(type) {
    const producer = this.producers.get(type);
    const reports = [...(await producer.getStats()).values()];
    return reports.filter((report) => report.type === 'outbound-rtp');
  }

  people() {
    return [...new Set([...this.consumers.values()].map((entry) => entry.participantId))].sort();
  }

  count(event, matches = {}) {
    return this.events.filter(
      (entry) =>
        entry.event === event &&
        Object.entries(matches).every(([name, value]) => entry.payload?.[name] === value),
    ).length;
  }

  /** Longest time between two decoded frames over a stretch of time, and what else went wrong. */
  async watch(participantId, forMs) {
    const first = await this.received(participantId, 'video');
    let { framesDecoded } = first;
    let since = first.timestamp;
    let longestGapMs = 0;
    const end = first.timestamp + forMs;
    for (;;) {
      const now = await this.received(participantId, 'video');
      longestGapMs = Math.max(longestGapMs, now.timestamp - since);
      if (now.framesDecoded !== framesDecoded) {
        framesDecoded = now.framesDecoded;
        since = now.timestamp;
      }
      if (now.timestamp >= end) {
        return {
          longestGapMs,
          frames: framesDecoded - first.framesDecoded,
          freezeCount: now.freezeCount - first.freezeCount,
          totalFreezesDuration: now.totalFreezesDuration - first.totalFreezesDuration,
          packetsLost: now.packetsLost,
          nackCount: now.nackCount,
          pliCount: now.pliCount,
          retransmitted: now.retransmittedPacketsReceived,
        };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  closeMedia() {
    this.sendTransport?.close();
    this.recvTransport?.close();
    for (const id of [...this.consumers.keys()]) this.drop(id);
    this.producers.clear();
  }
}

window.hook = new Hook();
