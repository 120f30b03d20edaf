// A participant of a peer-to-peer meeting, the way MeetLite's clients are: told whom to call, it
// calls, and sends its camera, microphone and screen to each of the others itself. The hook is on
// the same page, for who is in both.
import { io } from 'socket.io-client';
import './hook.mjs';

class Peer {
  events = [];
  calls = new Map();
  screens = new Map();
  people = [];
  messages = [];
  mediaStates = {};
  sharer = null;

  /** @param {object} options url, token, roomId; without a url the hook's connection is used */
  async connect(options) {
    this.roomId = options.roomId;
    this.socket = options.url === undefined ? window.hook.socket : this.open(options);
    this.socket.onAny((event, payload) => this.events.push({ event, payload }));
    const handlers = {
      'room-data': ({ participants, mediaState }) => {
        this.people = participants;
        this.mediaStates = mediaState;
      },
      'initiate-connection': ({ targetUserId, isInitiator }) =>
        this.initiate(targetUserId, isInitiator),
      'call-user': ({ from, offer }) => this.answer(this.call(from), offer),
      'answer-made': ({ from, answer }) => this.accept(this.calls.get(from), answer),
      'ice-candidate': ({ from, candidate }) => this.addCandidate(this.calls.get(from), candidate),
      'initiate-screen-connection': ({ targetUserId }) => this.sendScreen(targetUserId),
      'screen-share-call': ({ from, offer }) => this.answer(this.screenOf(from), offer),
      'screen-share-answer': ({ from, answer }) => this.accept(this.screens.get(from), answer),
      'screen-share-candidate': ({ from, candidate }) =>
        this.addCandidate(this.screens.get(from), candidate),
      'screen-share-started': ({ userId }) => {
        this.sharer = userId;
      },
      'screen-share-stopped': () => {
        this.sharer = null;
        this.closeAll(this.screens);
      },
      'media-state-update': ({ userId, ...state }) => {
        this.mediaStates[userId] = state;
      },
      'user-left': (userId) => this.forget(userId),
      'chat:message': (message) => this.show(message),
    };
    for (const [event, handle] of Object.entries(handlers))
      this.socket.on(event, (payload) =>
        Promise.resolve(handle(payload)).catch((error) => console.error(event, error)),
      );
    if (!this.socket.connected)
      await new Promise((resolve, reject) => {
        this.socket.once('connect', resolve);
        this.socket.once('connect_error', reject);
      });
  }

  open({ url, token, roomId }) {
    return io(url, {
      auth: { token },
      query: { roomId },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
  }

  async ready({ audio = true, video = true, width = 640, height = 360 } = {}) {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio,
      video: video && { width: { exact: width }, height: { exact: height } },
    });
    this.play('me', this.stream);
    this.socket.emit('ready', {
      roomId: this.roomId,
      mediaState: { audioEnabled: audio, videoEnabled: video },
    });
  }

  initiate(userId, isInitiator) {
    const call = this.call(userId);
    if (isInitiator) return this.offer(call);
  }

  call(userId) {
    const known = this.calls.get(userId);
    if (known !== undefined) return known;
    const events = { call: 'call-user', answer: 'make-answer', candidate: 'ice-candidate' };
    return this.openCall(this.calls, userId, userId, this.stream.getTracks(), events);
  }

  screenOf(userId, tracks = []) {
    const events = {
      call: 'screen-share-call',
      answer: 'screen-share-answer',
      candidate: 'screen-share-candidate',
    };
    return this.openCall(this.screens, userId, `${userId}'s screen`, tracks, events);
  }

  openCall(calls, userId, name, tracks, events) {
    const connection = new RTCPeerConnection();
    const call = { userId, name, connection, events, early: [] };
    calls.set(userId, call);
    const stream = new MediaStream(tracks);
    for (const track of tracks) connection.addTrack(track, stream);
    connection.onicecandidate = ({ candidate }) =>
      this.socket.emit(events.candidate, { to: userId, candidate });
    connection.ontrack = ({ streams }) => {
      call.element = this.play(name, streams[0]);
    };
    return call;
  }

  async offer({ userId, connection, events }) {
    await connection.setLocalDescription(await connection.createOffer());
    this.socket.emit(events.call, { to: userId, offer: connection.localDescription });
  }

  async answer(call, offer) {
    const { userId, connection, events } = call;
    await connection.setRemoteDescription(offer);
    await this.addEarly(call);
    await connection.setLocalDescription(await connection.createAnswer());
    this.socket.emit(events.answer, { to: userId, answer: connection.localDescription });
  }

  async accept(call, answer) {
    await call.connection.setRemoteDescription(answer);
    await this.addEarly(call);
  }

  async addCandidate(call, candidate) {
    if (call === undefined) return;
    if (call.connection.remoteDescription === null) call.early.push(candidate);
    else await call.connection.addIceCandidate(candidate ?? undefined);
  }

  async addEarly(call) {
    for (const candidate of call.early.splice(0))
      await call.connection.addIceCandidate(candidate ?? undefined);
  }

  /** Shares a drawn screen of an odd shape with everybody who is there or comes. */
  shareScreen() {
    this.screen = window.hook.drawScreen({ width: 1000, height: 600 });
    this.play('my screen', new MediaStream([this.screen]));
    this.socket.emit('screen-share-started', { roomId: this.roomId });
    this.socket.emit('screen-share-ready', { roomId: this.roomId });
  }

  sendScreen(userId) {
    return this.offer(this.screenOf(userId, [this.screen]));
  }

  stopScreen() {
    this.socket.emit('screen-share-stopped', { roomId: this.roomId });
    this.screen.stop();
    this.closeAll(this.screens);
    this.remove('my screen');
  }

  say(message) {
    this.socket.emit('chat:message', {
      roomId: this.roomId,
      message,
      timestamp: Date.now(),
      type: 'text',
    });
  }

  setMedia(state) {
    this.socket.emit('media-state-change', { roomId: this.roomId, ...state });
  }

  leave() {
    this.socket.emit('user-left', { roomId: this.roomId });
    this.closeAll(this.calls);
    this.closeAll(this.screens);
  }

  forget(userId) {
    this.people = this.people.filter((one) => one !== userId);
    for (const calls of [this.calls, this.screens]) this.close(calls, calls.get(userId));
  }

  closeAll(calls) {
    for (const call of [...calls.values()]) this.close(calls, call);
  }

  close(calls, call) {
    if (call === undefined) return;
    call.connection.close();
    this.remove(call.name);
    calls.delete(call.userId);
  }

  play(name, stream) {
    this.remove(name);
    const figure = document.createElement('figure');
    figure.dataset.name = name;
    figure.className = name.endsWith('screen') ? 'screen' : 'person';
    const video = document.createElement('video');
    video.autoplay = true;
    video.playsInline = true;
    video.muted = !name.includes("'") && this.stream === stream;
    video.srcObject = stream;
    const caption = document.createElement('figcaption');
    caption.textContent = name;
    figure.append(video, caption);
    document.querySelector('#people').append(figure);
    video.play().catch(() => undefined);
    return video;
  }

  remove(name) {
    document.querySelector(`#people > [data-name="${name}"]`)?.remove();
  }

  show(message) {
    this.messages.push(message);
    const line = document.createElement('li');
    line.textContent = `${message.userId}: ${message.message}`;
    document.querySelector('#chat').append(line);
  }

  /** What is received of somebody, or null where nothing is yet. */
  async received(userId, kind, screen = false) {
    const call = (screen ? this.screens : this.calls).get(userId);
    if (call === undefined) return null;
    const reports = [...(await call.connection.getStats()).values()];
    return reports.find((one) => one.type === 'inbound-rtp' && one.kind === kind) ?? null;
  }

  /** Who offered to whom, by the descriptions of each call. */
  roles() {
    return Object.fromEntries(
      [...this.calls].map(([userId, { connection }]) => [
        userId,
        connection.localDescription?.type ?? null,
      ]),
    );
  }

  count(event) {
    return this.events.filter((entry) => entry.event === event).length;
  }

  state() {
    const { people, mediaStates, sharer, messages } = this;
    return { people, mediaStates, sharer, messages, calls: [...this.calls.keys()].sort() };
  }
}

window.peer = new Peer();
