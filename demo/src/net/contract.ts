import type { types } from 'mediasoup-client';

/** The four things that one participant can send. */
export type MediaType = 'audio' | 'video' | 'screen-video' | 'screen-audio';

export type Direction = 'send' | 'recv';

export interface UserInfo {
  userId: string;
  email?: string;
  name?: string;
}

export interface TransportCreated {
  id: string;
  iceParameters: types.IceParameters;
  iceCandidates: types.IceCandidate[];
  dtlsParameters: types.DtlsParameters;
  direction: Direction;
  iceServers?: RTCIceServer[];
}

/** What the server kept of a participant whose connection broke off. */
export interface KeptStay {
  resumed: true;
  transports: { id: string; direction: Direction; connected: boolean }[];
  producers: { id: string; mediaType: MediaType; paused: boolean }[];
  consumers: (NewConsumer & { paused: boolean })[];
  participants: { participantId: string; userInfo?: UserInfo }[];
}

/** What the client may ask, and what the acknowledgement of each brings beside `ok: true`. */
export interface Requests {
  'join-room': {
    payload: { roomId: string; resume?: boolean };
    reply: { rtpCapabilities: types.RtpCapabilities } & (KeptStay | { resumed?: false });
  };
  'leave-room': { payload: undefined; reply: { roomId: string } };
  'create-webrtc-transport': {
    payload: { roomId: string; direction: Direction };
    reply: TransportCreated;
  };
  'connect-webrtc-transport': {
    payload: { dtlsParameters: types.DtlsParameters; direction: Direction };
    reply: { direction: Direction };
  };
  'restart-ice': {
    payload: { direction: Direction };
    reply: { iceParameters: types.IceParameters };
  };
  'set-rtp-capabilities': {
    payload: { rtpCapabilities: types.RtpCapabilities };
    reply: object;
  };
  'create-producer': {
    payload: { kind: types.MediaKind; rtpParameters: types.RtpParameters; appData: types.AppData };
    reply: { producerId: string };
  };
  'pause-producer': { payload: { kind: MediaType }; reply: object };
  'resume-producer': { payload: { kind: MediaType }; reply: object };
  'close-producer': { payload: { kind: MediaType }; reply: object };
  'resume-consumer': { payload: { consumerId: string }; reply: { consumerId: string } };
  'pause-consumer': { payload: { consumerId: string }; reply: { consumerId: string } };
  'set-preferred-layers': {
    payload: { consumerId: string; spatialLayer: number; temporalLayer?: number };
    reply: { spatialLayer: number };
  };
}

export interface NewConsumer {
  participantId: string;
  producerId: string;
  consumerId: string;
  kind: types.MediaKind;
  mediaType?: MediaType;
  rtpParameters: types.RtpParameters;
  producerPaused: boolean;
  appData: { mediaType?: MediaType; screen?: boolean };
}

/** What the server sends of its own accord. */
export interface ServerEvents {
  'participant-joined': { participantId: string; userInfo?: UserInfo };
  'existing-participants': { participants: { participantId: string; userInfo?: UserInfo }[] };
  'participant-left': { participantId: string };
  'participant-replaced': { participantId: string; roomId: string };
  'new-consumer': NewConsumer;
  'consumer-closed': { consumerId: string; participantId: string };
  'consumer-producer-paused': { consumerId: string; participantId: string };
  'consumer-producer-resumed': { consumerId: string; participantId: string };
  'transport-state-changed': { direction: Direction; iceState: string; dtlsState: string };
  'server-draining': { deadlineMs: number };
  error: { message: string; code?: string; event?: string };
}

/** Why a connection was refused (`err.data.code` of `connect_error`). */
export type RefusalCode =
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'rate_limited'
  | 'server_full'
  | 'shutting_down';

export interface RequestFailure {
  code: string;
  message: string;
}

export type Acknowledgement<T> = ({ ok: true } & T) | { ok: false; error: RequestFailure };

export function mediaTypeOf(consumer: NewConsumer): MediaType {
  const told = consumer.mediaType ?? consumer.appData.mediaType;
  if (told !== undefined) return told;
  if (consumer.appData.screen === true) return `screen-${consumer.kind}`;
  return consumer.kind;
}
