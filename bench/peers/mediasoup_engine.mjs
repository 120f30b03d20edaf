// npm's mediasoup with one worker and its default settings. MEDIASOUP_WORKER_BIN names a worker from elsewhere.

import * as mediasoup from "mediasoup";

const kCodecs = [
  { kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2 },
  { kind: "video", mimeType: "video/VP8", clockRate: 90000 },
];

class Transport {
  constructor(transport) {
    this.transport = transport;
    this.parameters = {
      id: transport.id,
      iceParameters: transport.iceParameters,
      iceCandidates: transport.iceCandidates,
      dtlsParameters: transport.dtlsParameters,
    };
  }

  connect(dtlsParameters) {
    return this.transport.connect({ dtlsParameters });
  }

  produce(kind, rtpParameters) {
    return this.transport.produce({ kind, rtpParameters });
  }

  consume(producer, rtpCapabilities) {
    return this.transport.consume({ producerId: producer.id, rtpCapabilities, paused: true });
  }

  close() {
    this.transport.close();
  }
}

class Room {
  constructor(router) {
    this.router = router;
    this.rtpCapabilities = router.rtpCapabilities;
  }

  async createTransport() {
    const listenInfos = [{ protocol: "udp", ip: "127.0.0.1" }];
    return new Transport(await this.router.createWebRtcTransport({ listenInfos }));
  }
}

export async function makeEngine() {
  const worker = await mediasoup.createWorker();
  worker.on("died", (error) => {
    console.error(`the mediasoup worker died: ${error.message}`);
    process.exit(1);
  });
  return {
    description: `mediasoup ${mediasoup.version}`,
    openRoom: async () => new Room(await worker.createRouter({ mediaCodecs: kCodecs })),
    close: () => worker.close(),
  };
}
