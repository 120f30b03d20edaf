// The unmodified socket.io-client against socketio-echo, as a client of ours would use it.
// usage: node run.mjs PATH_TO_SOCKETIO_ECHO

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { strict as assert } from "node:assert";
import { io } from "socket.io-client";

const program = process.argv[2];
if (!program) {
  console.error("usage: node run.mjs PATH_TO_SOCKETIO_ECHO");
  process.exit(2);
}

const TEST_TIMEOUT_MS = 30_000;
const PATIENCE_MS = "10000"; // The suites' own timeouts are too short for a busy machine.
let url;
let passed = 0;
let failed = 0;
let open = [];

function client(options = {}, namespace = "") {
  const socket = io(url + namespace, { forceNew: true, reconnection: false, ...options });
  open.push(socket);
  return socket;
}

/** Resolves with the arguments of the event; fails when the connection does. */
function next(socket, event) {
  return new Promise((resolve, reject) => {
    socket.once(event, (...args) => resolve(args));
    if (event !== "connect_error") socket.once("connect_error", reject);
    if (event !== "disconnect")
      socket.once("disconnect", (reason) => reject(new Error(`disconnected: ${reason}`)));
  });
}

async function connected(options, namespace) {
  const socket = client(options, namespace);
  await next(socket, "connect");
  return socket;
}

async function test(name, body) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("took too long")), TEST_TIMEOUT_MS);
  });
  try {
    await Promise.race([body(), late]);
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${error.stack ?? error}`);
  } finally {
    clearTimeout(timer);
    for (const socket of open) socket.disconnect();
    open = [];
  }
}

async function start() {
  const server = spawn(program, ["0", PATIENCE_MS], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(server.stdout, "data");
  url = `http://127.0.0.1:${String(line).match(/port (\d+)/)[1]}`;
  return server;
}

const transports = {
  "websocket only": { transports: ["websocket"] },
  "polling only": { transports: ["polling"] },
  "polling, then websocket": {},
};

const values = [
  1, -1, 1.5, 1e21, 0.1, true, null, "", "plain", 'quotes " and \\ and \n', "grüße ✓ 😀", "\u0000\u001e",
  [], {}, [[["deep"]]], { a: { b: [1, { c: null }] } },
];

async function echoed(socket, ...args) {
  const answer = next(socket, "message-back");
  socket.emit("message", ...args);
  return answer;
}

const server = await start();

for (const [title, options] of Object.entries(transports)) {
  await test(`${title}: connects and tells its auth`, async () => {
    const socket = client({ ...options, auth: { token: "abc", n: 1 } });
    const [auth] = await next(socket, "auth");
    assert.deepEqual(auth, { token: "abc", n: 1 });
    assert.equal(typeof socket.id, "string");
    assert.notEqual(socket.id, socket.io.engine.id);
  });

  await test(`${title}: every kind of JSON value comes back as it went`, async () => {
    const socket = await connected(options);
    for (const value of values) assert.deepEqual(await echoed(socket, value), [value]);
    assert.deepEqual(await echoed(socket, ...values), values);
    assert.deepEqual(await echoed(socket), []);
  });

  await test(`${title}: half a surrogate pair does not end the connection`, async () => {
    const socket = await connected(options);
    assert.deepEqual(await echoed(socket, "a\ud83d"), ["a\ufffd"]);
    assert.deepEqual(await echoed(socket, "\ude00b\\ud83d"), ["\ufffdb\\ud83d"]);
  });

  await test(`${title}: binary attachments keep their bytes and places`, async () => {
    const socket = await connected(options);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const [first, second, third] = await echoed(socket, { a: bytes, b: ["x", bytes] }, Buffer.alloc(0), 7);
    assert.deepEqual(Buffer.from(first.a), bytes);
    assert.deepEqual(Buffer.from(first.b[1]), bytes);
    assert.equal(Buffer.from(second).length, 0);
    assert.equal(third, 7);
  });

  await test(`${title}: acknowledgements, with JSON and with binary`, async () => {
    const socket = await connected(options);
    assert.deepEqual(await socket.timeout(5000).emitWithAck("message-with-ack", { a: [1] }), { a: [1] });
    const bytes = await socket.timeout(5000).emitWithAck("message-with-ack", Buffer.from([1, 2, 3]));
    assert.deepEqual(Buffer.from(bytes), Buffer.from([1, 2, 3]));
  });

  await test(`${title}: 200 messages at once come back in order`, async () => {
    const socket = await connected(options);
    const seen = [];
    const all = new Promise((resolve) => {
      socket.on("message-back", (n) => {
        seen.push(n);
        if (seen.length === 200) resolve();
      });
    });
    for (let n = 0; n < 200; ++n) socket.emit("message", n);
    await all;
    assert.deepEqual(seen, Array.from({ length: 200 }, (_, n) => n));
  });

  await test(`${title}: stays connected through heartbeats`, async () => {
    const socket = await connected(options);
    let pings = 0;
    socket.io.on("ping", () => (pings += 1));
    while (pings < 4) await next(socket.io, "ping");
    assert.ok(socket.connected);
    assert.deepEqual(await echoed(socket, "after"), ["after"]);
  });

  await test(`${title}: a message of 900 KB comes back whole`, async () => {
    const socket = await connected(options);
    const large = "é".repeat(450_000);
    assert.equal((await echoed(socket, large))[0], large);
  });

  await test(`${title}: two namespaces over one transport do not mix`, async () => {
    const manager = client({ ...options, autoConnect: false }).io;
    const main = manager.socket("/");
    const custom = manager.socket("/custom", { auth: { who: "custom" } });
    open.push(main, custom);
    custom.on("message-back", (text) => assert.equal(text, "to custom"));
    const auths = Promise.all([next(main, "auth"), next(custom, "auth")]);
    main.connect();
    custom.connect();
    await auths;
    assert.notEqual(main.id, custom.id);
    assert.deepEqual(await echoed(custom, "to custom"), ["to custom"]);
    custom.disconnect();
    assert.deepEqual(await echoed(main, "to main"), ["to main"]);
  });

  await test(`${title}: a refused connect carries message and data`, async () => {
    const socket = client(options, "/refused");
    const [error] = await next(socket, "connect_error");
    assert.equal(error.message, "Authentication failed");
    assert.deepEqual(error.data, { code: "token_missing" });
  });

  await test(`${title}: an unknown namespace is refused`, async () => {
    const socket = client(options, "/nowhere");
    const [error] = await next(socket, "connect_error");
    assert.equal(error.message, "Invalid namespace");
  });

  await test(`${title}: JSON nested too deep gets an error and keeps the connection`, async () => {
    const socket = await connected(options);
    let deep = 0;
    for (let i = 0; i < 40; ++i) deep = [deep];
    const error = next(socket, "error");
    socket.emit("message", deep);
    assert.deepEqual((await error)[0], { code: "too_deep", event: "message" });
    assert.deepEqual(await echoed(socket, "still here"), ["still here"]);
  });

  await test(`${title}: a message beyond the limit ends the connection and no other`, async () => {
    const socket = await connected(options);
    const other = await connected(options);
    const end = next(socket, "disconnect");
    socket.emit("message", "x".repeat(1_000_001));
    await end;
    assert.deepEqual(await echoed(other, "unharmed"), ["unharmed"]);
  });

  await test(`${title}: comes back by itself when its connection breaks`, async () => {
    const socket = await connected({ ...options, reconnection: true, reconnectionDelay: 20 });
    const first = socket.id;
    socket.io.engine.close();
    await new Promise((resolve) => socket.once("connect", resolve));
    assert.notEqual(socket.id, first);
    assert.deepEqual(await echoed(socket, "again"), ["again"]);
  });
}

await test("the upgrade loses and reorders nothing", async () => {
  const socket = await connected({});
  const seen = [];
  socket.on("message-back", (n) => seen.push(n));
  let n = 0;
  const sending = setInterval(() => socket.emit("message", n++), 1);
  if (socket.io.engine.transport.name !== "websocket")
    await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
  while (n < 100) await new Promise((resolve) => setTimeout(resolve, 10));
  clearInterval(sending);
  assert.equal(socket.io.engine.transport.name, "websocket");
  while (seen.length < n) await next(socket, "message-back");
  assert.deepEqual(seen, Array.from({ length: n }, (_, i) => i));
});

await test("100 clients at once, each with its own echo", async () => {
  const sockets = await Promise.all(
    Array.from({ length: 100 }, (_, i) => connected({ transports: [["websocket"], ["polling"]][i % 2] })),
  );
  const answers = await Promise.all(sockets.map((socket, i) => echoed(socket, `for ${i}`)));
  answers.forEach(([text], i) => assert.equal(text, `for ${i}`));
});

await test("a client that breaks the packet format is cut off, and nobody else", async () => {
  const good = await connected({ transports: ["websocket"] });
  const bad = await connected({ transports: ["websocket"] });
  const end = next(bad, "disconnect");
  bad.io.engine.write("2{}");
  assert.equal((await end)[0], "transport close");
  assert.deepEqual(await echoed(good, "unharmed"), ["unharmed"]);
});

await test("a peer that speaks no HTTP gets a 400", async () => {
  const raw = connect(new URL(url).port, "127.0.0.1");
  raw.write("\x16\x03\x01 no http at all\r\n\r\n");
  const [data] = await once(raw, "data");
  assert.match(String(data), /^HTTP\/1.1 400 /);
  raw.destroy();
});

server.kill("SIGTERM");
const [status] = await once(server, "exit");
await test("the server stops cleanly when told to", async () => assert.equal(status, 0));

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
