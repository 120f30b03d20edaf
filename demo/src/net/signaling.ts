import { io, type Socket } from 'socket.io-client';
import { Emitter } from '../emitter';
import type { Acknowledgement, RefusalCode, Requests, ServerEvents } from './contract';

const ANSWER_TIMEOUT_MS = 10_000;
/** How long to wait before asking a server again that said it is full, busy or going down. */
const BUSY_RETRY_MS = 3_000;

const RENEW_DELAY_MS = 20;

const TOKEN_CODES: readonly string[] = ['token_missing', 'token_invalid', 'token_expired'];

/** The server's answer to a request was no. */
export class RequestError extends Error {
  constructor(
    readonly event: string,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

interface SignalingEvents {
  /** Connected, for the first time or again: whatever was joined before is gone. */
  connected: undefined;
  /** The connection is gone, or could not be made; the next attempt follows by itself. */
  away: { code?: RefusalCode };
  /** The token is no good; nothing more is tried until `retry()`. */
  refused: { code: RefusalCode };
}

interface ConnectError extends Error {
  data?: { code?: RefusalCode };
}

/** One Socket.IO connection that keeps coming back, and requests with acknowledgements over it. */
export class Signaling extends Emitter<SignalingEvents> {
  private readonly socket: Socket;
  private retryTimer: number | undefined;

  constructor(token: () => string, roomId: string) {
    super();
    this.socket = io({
      auth: (give) => give({ token: token() }),
      query: { roomId },
      autoConnect: false,
      reconnectionDelay: 500,
      // Half as long again at most: a server that was restarted is back before anybody gives up.
      reconnectionDelayMax: 1_500,
    });
    this.socket.on('connect', () => this.emit('connected', undefined));
    this.socket.on('disconnect', (reason) => this.handleDisconnect(reason));
    this.socket.on('connect_error', (error: ConnectError) => this.handleRefusal(error));
  }

  connect(): void {
    this.socket.connect();
  }

  /** Drops the connection and makes a new one, which starts with nothing joined. */
  reconnect(): void {
    this.socket.disconnect();
    this.socket.connect();
  }

  /** For a connection that looks alive and is not: another one is made at once. */
  renew(): void {
    if (!this.socket.connected) return;
    const manager = this.socket.io;
    const delayMs = manager.reconnectionDelay();
    manager.reconnectionDelay(RENEW_DELAY_MS);
    manager.engine.close();
    manager.reconnectionDelay(delayMs);
  }

  close(): void {
    window.clearTimeout(this.retryTimer);
    this.socket.removeAllListeners();
    this.socket.disconnect();
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  /** @returns a function that removes the handler again. */
  onServer<K extends keyof ServerEvents>(
    event: K,
    handler: (payload: ServerEvents[K]) => void,
  ): () => void {
    const listener = handler as (payload: unknown) => void;
    this.socket.on(event as string, listener);
    return () => this.socket.off(event as string, listener);
  }

  /** @throws RequestError if the server says no or does not answer in time. */
  async request<K extends keyof Requests>(
    event: K,
    payload: Requests[K]['payload'],
    timeoutMs: number = ANSWER_TIMEOUT_MS,
  ): Promise<Requests[K]['reply']> {
    const sent = this.socket.timeout(timeoutMs);
    const answer: Acknowledgement<Requests[K]['reply']> = await (
      payload === undefined ? sent.emitWithAck(event) : sent.emitWithAck(event, payload)
    ).catch(() => {
      throw new RequestError(event, 'no_answer', 'The server did not answer in time');
    });
    if (!answer.ok) throw new RequestError(event, answer.error.code, answer.error.message);
    return answer;
  }

  private handleDisconnect(reason: Socket.DisconnectReason): void {
    if (reason === 'io client disconnect') return;
    this.emit('away', {});
    // After a disconnect by the server, socket.io-client waits to be told to come back.
    if (!this.socket.active) this.retryAfter(BUSY_RETRY_MS);
  }

  private handleRefusal(error: ConnectError): void {
    const code = error.data?.code;
    if (code !== undefined && TOKEN_CODES.includes(code)) {
      this.emit('refused', { code });
      return;
    }
    if (!this.socket.active && code === undefined && error.message === 'Authentication failed') {
      this.emit('refused', { code: 'token_invalid' });
      return;
    }
    this.emit('away', code === undefined ? {} : { code });
    if (!this.socket.active) this.retryAfter(BUSY_RETRY_MS);
  }

  private retryAfter(delayMs: number): void {
    window.clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => this.socket.connect(), delayMs);
  }
}
