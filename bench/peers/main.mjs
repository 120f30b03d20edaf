// Serves one peer on loopback until it is told to end: PORT=3010 JWT_SECRET=... node main.mjs mediasoup
// Says "ready" and what it is when requests can come.

import { startService } from "./service.mjs";

const kEngines = { mediasoup: "./mediasoup_engine.mjs", janus: "./janus_engine.mjs" };

const name = process.argv[2];
if (!kEngines[name] || !process.env.JWT_SECRET) {
  console.error(`usage: PORT=number JWT_SECRET=text node main.mjs ${Object.keys(kEngines).join("|")}`);
  process.exit(2);
}
const { makeEngine } = await import(kEngines[name]);
const engine = await makeEngine();
await startService({ engine, port: Number(process.env.PORT ?? 0), secret: process.env.JWT_SECRET });
console.log(`ready: ${engine.description}`);

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    engine.close();
    process.exit(0);
  });
}
