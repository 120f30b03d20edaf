// Debian's Janus with its videoroom: one PeerConnection for each transport, made of the parameters that the events carry.
// Janus tells its ICE credentials in answer to an offer, so a client has to say with create-webrtc-transport what it will
// send and by which certificate. It is asked to by `announceEarly` in the reply to join-room, which sfu-load understands.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JanusSession } from "./janus_session.mjs";
import { kRtpCapabilities, parseMedia, parseTransport, publisherOffer, viewerAnswer } from "./sdp.mjs";

const kMaxPublishers = 1000;
const kStartAttempts = 100;
const kAttemptMs = 100;

/** A publisher's PeerConnection, with the one stream that it announced. */
class SendTransport {
  static async open(room, client) {
    const [{ kind, rtpParameters }] = client.producers ?? [];
    const transport = new SendTransport();
    transport.handle = await room.session.attach();
    const offer = { type: "offer", sdp: publisherOffer(kind, rtpParameters, client) };
    const { data, sdp } = await transport.handle.request(
      { request: "joinandconfigure", room: room.id, ptype: "publisher" }, offer);
    transport.room = room;
    transport.producer = { id: String(data.id), feed: data.id, kind };
    transport.parameters = { id: String(data.id), ...parseTransport(sdp) };
    return transport;
  }

  async connect() {}

  /** Nobody can view a publisher whose PeerConnection is not up. */
  async produce() {
    await this.handle.up;
    this.room.addFeed(this.producer.feed);
    return this.producer;
  }

  close() {
    this.handle.detach();
  }
}

/** A viewer's PeerConnection. It begins with all that is published so far and takes what comes later. */
class ReceiveTransport {
  static async open(room, client) {
    const transport = new ReceiveTransport();
    transport.client = client;
    transport.handle = await room.session.attach();
    const streams = (await room.published()).map((feed) => ({ feed }));
    transport.take(await transport.handle.request(
      { request: "join", room: room.id, ptype: "subscriber", use_msid: true, streams }));
    transport.parameters = { id: String(room.nextTransport++), ...parseTransport(transport.offer) };
    return transport;
  }

  take({ data, sdp }) {
    this.streams = data.streams;
    this.offer = sdp ?? this.offer;
  }

  async connect() {
    await this.answer();
  }

  answer() {
    return this.handle.request({ request: "start" }, { type: "answer", sdp: viewerAnswer(this.offer, this.client) });
  }

  async consume(producer) {
    if (!this.streamOf(producer)) {
      this.take(await this.handle.request({ request: "update", subscribe: [{ feed: producer.feed }] }));
      await this.answer();
    }
    const { mid } = this.streamOf(producer);
    const section = parseMedia(this.offer).find((one) => one.mid === mid);
    return { id: `${this.parameters.id}/${mid}`, kind: section.kind, rtpParameters: section.rtpParameters, resume() {} };
  }

  streamOf(producer) {
    return this.streams.find((stream) => stream.feed_id === producer.feed);
  }

  close() {
    this.handle.detach();
  }
}

class Room {
  constructor(session, id) {
    this.session = session;
    this.id = id;
    this.rtpCapabilities = kRtpCapabilities;
    this.announceEarly = true;
    this.nextTransport = 1;
    this.feeds = [];
    this.first = new Promise((resolve) => (this.tellFirst = resolve));
  }

  /** Ids of the publishers; a viewer that is here before them waits, as there is nothing to make an offer of. */
  async published() {
    await this.first;
    return [...this.feeds];
  }

  async createTransport(direction, announced) {
    if (direction === "recv") return ReceiveTransport.open(this, announced);
    return SendTransport.open(this, announced);
  }

  addFeed(feed) {
    this.feeds.push(feed);
    this.tellFirst();
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** As by default, with ICE-lite, and without what nobody uses here. It takes no media on loopback addresses. */
async function writeConfiguration(folder, port) {
  await writeFile(join(folder, "janus.jcfg"), `
    general: { debug_level = 3 }
    nat: { ice_lite = true }
    plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
    transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
  `);
  await writeFile(join(folder, "janus.transport.websockets.jcfg"),
    `general: { ws = true, ws_port = ${port}, ws_ip = "127.0.0.1", wss = false }\n`);
  await writeFile(join(folder, "janus.plugin.videoroom.jcfg"), "general: { }\n");
}

async function connect(port) {
  for (let attempt = 1; ; ++attempt) {
    try {
      return await JanusSession.open(`ws://127.0.0.1:${port}`);
    } catch (error) {
      if (attempt === kStartAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, kAttemptMs));
    }
  }
}

export async function makeEngine() {
  const folder = await mkdtemp(join(tmpdir(), "janus-"));
  const port = await freePort();
  await writeConfiguration(folder, port);
  const janus = spawn("janus", ["-F", folder, "-o"], { stdio: ["ignore", "inherit", "inherit"] });
  janus.on("exit", () => process.exit(1));
  const session = await connect(port);
  let nextRoom = 1;
  return {
    description: "Janus",
    openRoom: async () => {
      const id = nextRoom++;
      const handle = await session.attach();
      await handle.request({ request: "create", room: id, publishers: kMaxPublishers, videocodec: "vp8", audiocodec: "opus" });
      return new Room(session, id);
    },
    close: () => {
      janus.removeAllListeners("exit");
      janus.kill();
      rm(folder, { recursive: true, force: true });
    },
  };
}
