// The few lines of SDP (RFC 8866, RFC 8829) that stand between the parameters of this project's events and Janus.

const kUris = {
  mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
  level: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  sendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  transportCc: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
};

/** What the client of a publisher is told that the room takes; ids and payload types are those that it then offers. */
export const kRtpCapabilities = {
  codecs: [
    {
      kind: "audio", mimeType: "audio/opus", preferredPayloadType: 100, clockRate: 48000, channels: 2, parameters: {},
      rtcpFeedback: [{ type: "transport-cc", parameter: "" }],
    },
    {
      kind: "video", mimeType: "video/VP8", preferredPayloadType: 101, clockRate: 90000, parameters: {},
      rtcpFeedback: [
        { type: "nack", parameter: "" }, { type: "nack", parameter: "pli" }, { type: "ccm", parameter: "fir" },
        { type: "transport-cc", parameter: "" },
      ],
    },
    {
      kind: "video", mimeType: "video/rtx", preferredPayloadType: 102, clockRate: 90000, parameters: { apt: 101 },
      rtcpFeedback: [],
    },
  ],
  headerExtensions: [
    ...["audio", "video"].flatMap((kind) => [
      { kind, uri: kUris.mid, preferredId: 1, preferredEncrypt: false, direction: "sendrecv" },
      { kind, uri: kUris.sendTime, preferredId: 4, preferredEncrypt: false, direction: "sendrecv" },
      { kind, uri: kUris.transportCc, preferredId: 5, preferredEncrypt: false, direction: "sendrecv" },
    ]),
    { kind: "audio", uri: kUris.level, preferredId: 10, preferredEncrypt: false, direction: "sendrecv" },
  ],
};

/** Janus waits for a candidate before it begins; where the client really is shows by its first check. */
const kClientCandidate = ["a=candidate:1 1 udp 1 127.0.0.1 9 typ host", "a=end-of-candidates"];

function sessionLines(mids, { dtlsParameters, iceParameters }) {
  const { algorithm, value } = dtlsParameters.fingerprints.at(-1);
  return [
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=group:BUNDLE ${mids.join(" ")}`, "a=msid-semantic: WMS *",
    `a=fingerprint:${algorithm} ${value}`, "a=setup:active", "a=ice-ufrag:client", `a=ice-pwd:${iceParameters.password}`,
  ];
}

function codecLines(codec) {
  const name = codec.mimeType.split("/")[1];
  const channels = codec.channels > 1 ? `/${codec.channels}` : "";
  const parameters = Object.entries(codec.parameters ?? {}).map(([key, value]) => `${key}=${value}`).join(";");
  return [
    `a=rtpmap:${codec.payloadType} ${name}/${codec.clockRate}${channels}`,
    ...(parameters ? [`a=fmtp:${codec.payloadType} ${parameters}`] : []),
    ...(codec.rtcpFeedback ?? []).map(
      ({ type, parameter }) => `a=rtcp-fb:${codec.payloadType} ${type}${parameter ? ` ${parameter}` : ""}`),
  ];
}

function mediaLines(kind, mid, direction, parameters) {
  return [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${parameters.codecs.map((codec) => codec.payloadType).join(" ")}`,
    "c=IN IP4 127.0.0.1", `a=mid:${mid}`, `a=${direction}`, "a=rtcp-mux",
    ...parameters.headerExtensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    ...parameters.codecs.flatMap(codecLines),
    ...kClientCandidate,
  ];
}

/** A publisher's offer of one stream. `client` has the DTLS and ICE parameters that it announced. */
export function publisherOffer(kind, rtpParameters, client) {
  const { mid = "0", encodings: [encoding] } = rtpParameters;
  const cname = rtpParameters.rtcp?.cname ?? "publisher";
  const ssrcs = [encoding.ssrc, encoding.rtx?.ssrc].filter(Boolean);
  return [
    ...sessionLines([mid], client),
    ...mediaLines(kind, mid, "sendonly", rtpParameters),
    ...(ssrcs.length > 1 ? [`a=ssrc-group:FID ${ssrcs.join(" ")}`] : []),
    ...ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:${cname}`),
    "",
  ].join("\r\n");
}

/** A viewer's answer that takes all that was offered. */
export function viewerAnswer(offer, client) {
  const sections = parseMedia(offer);
  return [
    ...sessionLines(sections.map(({ mid }) => mid), client),
    ...sections.flatMap((section) => mediaLines(section.kind, section.mid, "recvonly", section.rtpParameters)),
    "",
  ].join("\r\n");
}

/** The other end's transport, as a client is told of it. */
export function parseTransport(sdp) {
  const first = (name) => new RegExp(`^a=${name}:(.*)$`, "m").exec(sdp)?.[1].trim();
  const [algorithm, value] = first("fingerprint").split(" ");
  const candidates = [...sdp.matchAll(/^a=candidate:(\S+) 1 udp (\d+) ([\d.]+) (\d+) typ host/gim)].map(
    ([, foundation, priority, ip, port]) => (
      { foundation, priority: Number(priority), ip, address: ip, protocol: "udp", port: Number(port), type: "host" }));
  return {
    iceParameters: { usernameFragment: first("ice-ufrag"), password: first("ice-pwd"), iceLite: true },
    iceCandidates: candidates.filter(({ ip }, at) => candidates.findIndex((other) => other.ip === ip) === at),
    dtlsParameters: { role: "auto", fingerprints: [{ algorithm: algorithm.toLowerCase(), value }] },
  };
}

/** Each media section with its parameters: what comes of it carries one encoding. */
export function parseMedia(sdp) {
  return sdp.split(/^(?=m=)/m).slice(1).map((section) => {
    const all = (expression) => [...section.matchAll(new RegExp(`^a=${expression}`, "gm"))];
    const kind = /^m=(\w+)/.exec(section)[1];
    const mid = all("mid:(\\S+)")[0][1];
    const [, ssrc, rtxSsrc] = all("ssrc-group:FID (\\d+) (\\d+)")[0] ?? [null, all("ssrc:(\\d+)")[0]?.[1]];
    const codecs = all("rtpmap:(\\d+) ([^/\\s]+)/(\\d+)(?:/(\\d+))?").map(([, payloadType, name, clockRate, channels]) => ({
      mimeType: `${kind}/${name}`,
      payloadType: Number(payloadType),
      clockRate: Number(clockRate),
      ...(channels ? { channels: Number(channels) } : {}),
      parameters: parseFmtp(all(`fmtp:${payloadType} (.*)$`)[0]?.[1]),
      rtcpFeedback: all(`rtcp-fb:${payloadType} (\\S+)(?: (\\S+))?`).map(([, type, parameter]) => ({ type, parameter: parameter ?? "" })),
    }));
    return {
      kind,
      mid,
      rtpParameters: {
        mid,
        codecs,
        headerExtensions: all("extmap:(\\d+)\\S* (\\S+)").map(([, id, uri]) => ({ id: Number(id), uri, encrypt: false, parameters: {} })),
        encodings: [{ ssrc: Number(ssrc), ...(rtxSsrc ? { rtx: { ssrc: Number(rtxSsrc) } } : {}) }],
        rtcp: { cname: all("ssrc:\\d+ cname:(\\S+)")[0]?.[1] ?? "janus", reducedSize: true },
      },
    };
  });
}

function parseFmtp(text) {
  const pairs = (text ?? "").trim().split(";").map((pair) => pair.trim().split("=")).filter(([key]) => key);
  return Object.fromEntries(pairs.map(([key, value]) => [key, /^\d+$/.test(value ?? "") ? Number(value) : (value ?? "")]));
}
