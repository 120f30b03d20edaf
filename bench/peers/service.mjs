// The events of this project's server, as far as a load generator needs them, over another media engine. Requests of
// one connection run one at a time and are answered in order.

import { createServer } from "node:http";
import { Server } from "socket.io";
import { verifyToken } from "./token.mjs";

const kLongestMessageBytes = 1e6;

class Participant {
  constructor(id, socket, room) {
    this.id = id;
    this.socket = socket;
    this.room = room;
    this.transports = {};
    this.producers = [];
    this.consumers = new Map();
    this.rtpCapabilities = null;
  }
}

/** One connection's requests. Each method answers with the fields of its reply. */
class Requests {
  constructor(rooms, engine, socket, userId) {
    this.rooms = rooms;
    this.engine = engine;
    this.socket = socket;
    this.userId = userId;
    this.participant = null;
  }

  async "join-room"({ roomId }) {
    if (!this.rooms.has(roomId)) {
      this.rooms.set(roomId, this.engine.openRoom().then((media) => ({ media, participants: new Set() })));
    }
    const room = await this.rooms.get(roomId);
    this.participant = new Participant(this.userId, this.socket, room);
    room.participants.add(this.participant);
    const { rtpCapabilities, announceEarly } = room.media;
    return { rtpCapabilities, ...(announceEarly ? { announceEarly } : {}) };
  }

  async "create-webrtc-transport"({ direction, ...announced }) {
    const transport = await this.participant.room.media.createTransport(direction, announced);
    this.participant.transports[direction] = transport;
    return { ...transport.parameters, direction };
  }

  async "connect-webrtc-transport"({ direction, dtlsParameters }) {
    await this.participant.transports[direction].connect(dtlsParameters);
    return { direction };
  }

  async "set-rtp-capabilities"({ rtpCapabilities }) {
    const viewer = this.participant;
    viewer.rtpCapabilities = rtpCapabilities;
    for (const other of viewer.room.participants) {
      if (other === viewer) continue;
      for (const producer of other.producers) await consume(viewer, other, producer);
    }
    return {};
  }

  async "create-producer"({ kind, rtpParameters, appData }) {
    const publisher = this.participant;
    const producer = await publisher.transports.send.produce(kind, rtpParameters);
    publisher.producers.push(producer);
    const viewers = [...publisher.room.participants].filter((other) => other !== publisher && other.rtpCapabilities);
    await Promise.all(viewers.map((viewer) => consume(viewer, publisher, producer)));
    return { producerId: producer.id, kind, appData };
  }

  async "resume-consumer"({ consumerId }) {
    const { consumer, participantId } = this.participant.consumers.get(consumerId);
    await consumer.resume();
    return { consumerId, participantId, kind: consumer.kind };
  }

  async "leave-room"() {
    this.leave();
    return {};
  }

  leave() {
    if (!this.participant) return;
    this.participant.room.participants.delete(this.participant);
    for (const transport of Object.values(this.participant.transports)) transport.close();
    this.participant = null;
  }
}

async function consume(viewer, publisher, producer) {
  if (!viewer.transports.recv) return;
  const consumer = await viewer.transports.recv.consume(producer, viewer.rtpCapabilities);
  viewer.consumers.set(consumer.id, { consumer, participantId: publisher.id });
  viewer.socket.emit("new-consumer", {
    participantId: publisher.id,
    producerId: producer.id,
    consumerId: consumer.id,
    kind: consumer.kind,
    mediaType: consumer.kind,
    rtpParameters: consumer.rtpParameters,
    producerPaused: false,
    consumerPaused: true,
    appData: { mediaType: consumer.kind },
  });
}

const kReplyEvents = {
  "join-room": "router-rtp-capabilities",
  "create-webrtc-transport": "webrtc-transport-created",
  "connect-webrtc-transport": "webrtc-transport-connected",
  "set-rtp-capabilities": "rtp-capabilities-set",
  "create-producer": "producer-created",
  "resume-consumer": "consumer-resumed",
  "leave-room": "room-left",
};

function serve(requests, socket) {
  let previous = Promise.resolve();
  for (const [event, replyEvent] of Object.entries(kReplyEvents)) {
    socket.on(event, (payload, acknowledge) => {
      const handle = async () => {
        try {
          const fields = await requests[event](payload ?? {});
          if (acknowledge) acknowledge({ ok: true, ...fields });
          else socket.emit(replyEvent, fields);
        } catch (error) {
          const failure = { code: "internal", message: String(error?.message ?? error), event };
          if (acknowledge) acknowledge({ ok: false, error: failure });
          else socket.emit("error", failure);
        }
      };
      previous = previous.then(handle);
    });
  }
  socket.on("disconnect", () => requests.leave());
}

/** Listens on loopback until the process ends. Resolves to the port. */
export async function startService({ engine, port, secret }) {
  const http = createServer((request, response) => {
    response.writeHead(request.url === "/health" ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: "OK" }));
  });
  const io = new Server(http, { maxHttpBufferSize: kLongestMessageBytes, serveClient: false });
  io.use((socket, next) => {
    const claims = verifyToken(socket.handshake.auth?.token, secret);
    socket.data.userId = claims?.userId;
    next(claims ? undefined : new Error("Authentication failed"));
  });
  const rooms = new Map();
  io.on("connection", (socket) => serve(new Requests(rooms, engine, socket, socket.data.userId), socket));
  await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
  return { port: http.address().port, close: () => io.close() };
}
