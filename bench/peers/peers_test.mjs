// What the peers' service makes of tokens and of SDP. Needs none of its npm packages.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { kRtpCapabilities, parseMedia, parseTransport, publisherOffer, viewerAnswer } from "./sdp.mjs";
import { verifyToken } from "./token.mjs";

const kSecret = "0123456789abcdef";

function sign(header, claims, secret) {
  const front = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${front}.${createHmac("sha256", secret).update(front).digest("base64url")}`;
}

test("a token that the secret signed gives its claims", () => {
  assert.deepEqual(verifyToken(sign({ alg: "HS256" }, { userId: "u1" }, kSecret), kSecret), { userId: "u1" });
});

test("a token of another secret, of no algorithm, without a user or in pieces is refused", () => {
  const good = sign({ alg: "HS256" }, { userId: "u1" }, kSecret);
  const bad = [
    sign({ alg: "HS256" }, { userId: "u1" }, "another secret"), sign({ alg: "none" }, { userId: "u1" }, kSecret),
    sign({ alg: "HS256" }, {}, kSecret), good.slice(0, -2), `${good}.x`, "", "a.b", undefined, 7,
  ];
  for (const token of bad) assert.equal(verifyToken(token, kSecret), null, String(token));
});

const kClient = {
  dtlsParameters: { fingerprints: [{ algorithm: "sha-1", value: "00" }, { algorithm: "sha-256", value: "AB:CD" }] },
  iceParameters: { password: "0123456789012345678901" },
};
const kParameters = {
  mid: "0",
  codecs: [
    { mimeType: "video/VP8", payloadType: 96, clockRate: 90000, parameters: {}, rtcpFeedback: [{ type: "nack", parameter: "pli" }] },
    { mimeType: "video/rtx", payloadType: 97, clockRate: 90000, parameters: { apt: 96 }, rtcpFeedback: [] },
  ],
  headerExtensions: [{ id: 4, uri: "urn:ietf:params:rtp-hdrext:sdes:mid", encrypt: false, parameters: {} }],
  encodings: [{ ssrc: 10, rtx: { ssrc: 11 } }],
  rtcp: { cname: "someone", reducedSize: true },
};

test("what an offer says of a stream is read from it again", () => {
  const [section, ...others] = parseMedia(publisherOffer("video", kParameters, kClient));
  assert.equal(others.length, 0);
  assert.equal(section.kind, "video");
  assert.deepEqual(section.rtpParameters, kParameters);
});

test("a transport is told by the last fingerprint and each address once", () => {
  const own = publisherOffer("video", kParameters, kClient).replace(/^a=candidate.*$/m, "a=foreign:1");
  const sdp = [own, "a=candidate:1 1 udp 2015363327 127.0.0.1 10000 typ host",
    "a=candidate:2 1 udp 2015363000 127.0.0.1 10000 typ host", "a=candidate:3 2 udp 1 127.0.0.1 10001 typ host"].join("\r\n");
  const { iceCandidates, dtlsParameters } = parseTransport(sdp);
  assert.deepEqual(iceCandidates.map(({ ip, port }) => [ip, port]), [["127.0.0.1", 10000]]);
  assert.deepEqual(dtlsParameters.fingerprints, [{ algorithm: "sha-256", value: "AB:CD" }]);
});

test("an answer takes every section of its offer, to receive", () => {
  const answer = viewerAnswer(publisherOffer("video", kParameters, kClient), kClient);
  assert.match(answer, /^a=setup:active\r$/m);
  assert.match(answer, /^a=recvonly\r$/m);
  assert.doesNotMatch(answer, /^a=ssrc/m);
  assert.deepEqual(parseMedia(answer)[0].rtpParameters.codecs, kParameters.codecs);
});

test("capabilities name each payload type once", () => {
  const types = kRtpCapabilities.codecs.map(({ preferredPayloadType }) => preferredPayloadType);
  assert.equal(new Set(types).size, types.length);
});
