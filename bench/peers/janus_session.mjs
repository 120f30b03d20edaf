// One session of Janus over its WebSocket API: requests and their answers.

import { randomUUID } from "node:crypto";
import WebSocket from "ws";

const kKeepAliveMs = 20_000;

export class JanusSession {
  #socket;
  #id;
  #waiting = new Map();
  #handles = new Map();
  #keepAlive;

  /** Connects and opens the session. */
  static async open(url) {
    const session = new JanusSession();
    session.#socket = new WebSocket(url, "janus-protocol");
    await new Promise((resolve, reject) => session.#socket.once("open", resolve).once("error", reject));
    session.#socket.on("message", (data) => session.#handle(JSON.parse(data)));
    session.#id = (await session.#send({ janus: "create" })).data.id;
    session.#keepAlive = setInterval(() => session.#send({ janus: "keepalive", session_id: session.#id }), kKeepAliveMs);
    return session;
  }

  /** A new handle of the videoroom. */
  async attach() {
    const attached = await this.#send({ janus: "attach", session_id: this.#id, plugin: "janus.plugin.videoroom" });
    const id = attached.data.id;
    const handle = new JanusHandle((message) => this.#send({ ...message, session_id: this.#id, handle_id: id }));
    this.#handles.set(id, handle);
    return handle;
  }

  close() {
    clearInterval(this.#keepAlive);
    this.#socket.close();
  }

  #send(message) {
    const transaction = randomUUID();
    return new Promise((resolve, reject) => {
      this.#waiting.set(transaction, { resolve, reject, ends: message.janus === "keepalive" ? "ack" : "event" });
      this.#socket.send(JSON.stringify({ ...message, transaction }));
    });
  }

  /** A plugin's request is acknowledged first and answered by an event. */
  #handle(message) {
    if (message.janus === "webrtcup") this.#handles.get(message.sender)?.tellUp();
    const waiting = this.#waiting.get(message.transaction);
    if (!waiting || (message.janus === "ack" && waiting.ends !== "ack")) return;
    this.#waiting.delete(message.transaction);
    const data = message.plugindata?.data;
    if (message.janus === "error") waiting.reject(new Error(`Janus: ${message.error.reason}`));
    else if (data?.error) waiting.reject(new Error(`Janus: ${data.error}`));
    else waiting.resolve(message);
  }
}

class JanusHandle {
  constructor(send) {
    this.send = send;
    /** ICE and DTLS are through. */
    this.up = new Promise((resolve) => (this.tellUp = resolve));
  }

  /** Resolves to `{ data, sdp }`. */
  async request(body, jsep) {
    const answer = await this.send({ janus: "message", body, ...(jsep ? { jsep } : {}) });
    return { data: answer.plugindata.data, sdp: answer.jsep?.sdp };
  }

  detach() {
    this.send({ janus: "detach" }).catch(() => undefined);
  }
}
