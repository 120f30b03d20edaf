// What mediasoup-client 3.24 and 3.7 send from Chromium and Firefox: numbers are the browser's own.
let lastSsrc = 0x1000_0000;
const nextSsrc = () => (lastSsrc += 0x0001_0101);

const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
const REPAIRED_RID = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';
const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';
const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const ORIENTATION = 'urn:3gpp:video-orientation';
const TIME_OFFSET = 'urn:ietf:params:rtp-hdrext:toffset';
const CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
const DEPENDENCY = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';
export const uris = {
  MID,
  RID,
  REPAIRED_RID,
  ABS_SEND_TIME,
  TRANSPORT_CC,
  AUDIO_LEVEL,
  ORIENTATION,
  TIME_OFFSET,
  CAPTURE_TIME,
  PLAYOUT_DELAY,
  DEPENDENCY,
};

const extensions = (...pairs) => pairs.map(([uri, id]) => ({ uri, id, encrypt: false, parameters: {} }));
const VIDEO_FEEDBACK = [
  { type: 'goog-remb', parameter: '' },
  { type: 'transport-cc', parameter: '' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'nack', parameter: '' },
  { type: 'nack', parameter: 'pli' },
];
const rtx = (payloadType, apt) => ({
  mimeType: 'video/rtx',
  payloadType,
  clockRate: 90000,
  parameters: { apt },
  rtcpFeedback: [],
});
const videoCodec = (mimeType, payloadType, parameters = {}) => [
  { mimeType, payloadType, clockRate: 90000, parameters, rtcpFeedback: VIDEO_FEEDBACK },
  rtx(payloadType + 1, payloadType),
];
const CHROMIUM_VIDEO_EXTENSIONS = extensions(
  [MID, 4],
  [RID, 10],
  [REPAIRED_RID, 11],
  [ABS_SEND_TIME, 2],
  [TRANSPORT_CC, 3],
  [ORIENTATION, 13],
  [TIME_OFFSET, 14],
  [PLAYOUT_DELAY, 5],
);

/** A microphone in Chromium. `cname` and `msid` say what belongs together. */
export function chromiumAudio({
  mid = '0',
  ssrc = nextSsrc(),
  cname = 'kX1yLp5mGZ6q',
  msid = 'stream-a track-a',
} = {}) {
  return {
    mid,
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48000,
        channels: 2,
        parameters: { minptime: 10, useinbandfec: 1 },
        rtcpFeedback: [{ type: 'transport-cc', parameter: '' }],
      },
    ],
    headerExtensions: extensions([MID, 4], [ABS_SEND_TIME, 2], [TRANSPORT_CC, 3], [AUDIO_LEVEL, 1]),
    encodings: [{ ssrc, dtx: false }],
    rtcp: { cname, reducedSize: true },
    msid,
  };
}

const CODECS = {
  VP8: videoCodec('video/VP8', 96),
  'VP9/0': videoCodec('video/VP9', 98, { 'profile-id': 0 }),
  'VP9/2': videoCodec('video/VP9', 100, { 'profile-id': 2 }),
  'H264/42e01f': videoCodec('video/H264', 108, {
    'level-asymmetry-allowed': 1,
    'packetization-mode': 1,
    'profile-level-id': '42e01f',
  }),
  'H264/4d0032': videoCodec('video/H264', 123, {
    'level-asymmetry-allowed': 1,
    'packetization-mode': 1,
    'profile-level-id': '4d0032',
  }),
  AV1: videoCodec('video/AV1', 45, { 'level-idx': 5, profile: 0, tier: 0 }),
};
export const videoCodecNames = Object.keys(CODECS);

/** A camera in Chromium, one encoding. */
export function chromiumVideo({
  codec = 'VP8',
  mid = '1',
  ssrc = nextSsrc(),
  rtxSsrc = nextSsrc(),
  cname = 'kX1yLp5mGZ6q',
  msid = 'stream-a track-v',
  scalabilityMode,
} = {}) {
  return {
    mid,
    codecs: CODECS[codec],
    headerExtensions: CHROMIUM_VIDEO_EXTENSIONS,
    encodings: [{ ssrc, rtx: { ssrc: rtxSsrc }, dtx: false, ...(scalabilityMode && { scalabilityMode }) }],
    rtcp: { cname, reducedSize: true },
    msid,
  };
}

/** A camera in Chromium that sends three layers: they are told apart by RID alone. */
export function chromiumSimulcast({ mid = '1', cname = 'kX1yLp5mGZ6q', msid = 'stream-a track-v' } = {}) {
  return {
    ...chromiumVideo({ mid, cname, msid }),
    encodings: ['r0', 'r1', 'r2'].map((rid, i) => ({
      rid,
      active: true,
      dtx: false,
      scalabilityMode: 'L1T3',
      scaleResolutionDownBy: 4 >> i,
      maxBitrate: 200_000 << (2 * i),
    })),
  };
}

/** A microphone in Firefox under mediasoup-client 3.7, which knows no msid. */
export function firefoxAudio({ mid = '0', ssrc = nextSsrc() } = {}) {
  return {
    mid,
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 109,
        clockRate: 48000,
        channels: 2,
        parameters: { maxplaybackrate: 48000, stereo: 1, useinbandfec: 1 },
        rtcpFeedback: [],
      },
    ],
    headerExtensions: extensions([MID, 3], [AUDIO_LEVEL, 1]),
    encodings: [{ ssrc }],
    rtcp: { cname: '{8b3ad6d1-6a6c-4c7c-9c57-7e1e6a1c5b0f}', reducedSize: true },
  };
}

export function firefoxVideo({ mid = '1', ssrc = nextSsrc(), rtxSsrc = nextSsrc() } = {}) {
  return {
    mid,
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: 120,
        clockRate: 90000,
        parameters: { 'max-fs': 12288, 'max-fr': 60 },
        rtcpFeedback: VIDEO_FEEDBACK,
      },
      rtx(124, 120),
    ],
    headerExtensions: extensions([MID, 3], [ABS_SEND_TIME, 4], [TIME_OFFSET, 5], [PLAYOUT_DELAY, 6], [TRANSPORT_CC, 7]),
    encodings: [{ ssrc, rtx: { ssrc: rtxSsrc } }],
    rtcp: { cname: '{8b3ad6d1-6a6c-4c7c-9c57-7e1e6a1c5b0f}', reducedSize: true },
  };
}

const bareMime = (codec) => codec.mimeType.toLowerCase();

/**
 * Device.rtpCapabilities of mediasoup-client: what of the router's the browser can receive, with the router's numbers.
 * @param {string[]} [only] MIME types, small, without rtx; undefined for all
 */
export function receives(router, only) {
  const taken = router.codecs.filter(
    (codec) => bareMime(codec) !== 'video/rtx' && (!only || only.includes(bareMime(codec))),
  );
  const repairs = router.codecs.filter(
    (codec) =>
      bareMime(codec) === 'video/rtx' && taken.some((one) => one.preferredPayloadType === codec.parameters.apt),
  );
  return {
    codecs: [...taken, ...repairs].map((codec) => ({ ...codec })),
    headerExtensions: router.headerExtensions
      .filter(({ uri }) => ![RID, REPAIRED_RID].includes(uri))
      .map(({ kind, uri, preferredId, direction }) => ({ kind, uri, preferredId, preferredEncrypt: false, direction })),
  };
}

const pairs = (count) =>
  Array.from({ length: count }, (_, i) => (i * 7 + 17).toString(16).padStart(2, '0').toUpperCase()).join(':');

/** What `transport.on('connect')` gives in mediasoup-client: the browser is DTLS client. */
export function dtlsParameters(role = 'client') {
  return { role, fingerprints: [{ algorithm: 'sha-256', value: pairs(32) }] };
}
