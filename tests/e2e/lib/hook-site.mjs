// A static server for the small page, bundled with either version of mediasoup-client.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const PAGES = fileURLToPath(new URL('../pages/', import.meta.url));

/** Which mediasoup-client a page uses: the newest, or the one that MeetLite has. */
export const CLIENTS = { newest: 'mediasoup-client', old: 'mediasoup-client-3.7' };

const HTML = { '/': 'hook.html', '/peer': 'peer.html' };
const bundles = new Map();

async function bundle(script, client) {
  const { outputFiles } = await build({
    absWorkingDir: PAGES,
    entryPoints: [`${PAGES}${script}.mjs`],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    alias: { 'mediasoup-client': CLIENTS[client] },
    define: { global: 'window' },
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

async function answer(path) {
  if (path in HTML) return ['text/html', await readFile(`${PAGES}${HTML[path]}`, 'utf8')];
  const [, script, client] = /^\/(hook|peer|portraits)-(\w+)\.js$/.exec(path) ?? [];
  if (client === undefined || !(client in CLIENTS)) return null;
  if (!bundles.has(path)) bundles.set(path, bundle(script, client));
  return ['text/javascript', await bundles.get(path)];
}

/** @returns {Promise<{ origin: string, port: number, close: () => void }>} */
export async function startHookSite(host = 'localhost', bind = '127.0.0.1') {
  const server = createServer(async (request, response) => {
    const found = await answer(new URL(request.url, 'http://site').pathname).catch((error) => [
      'text/plain',
      String(error),
    ]);
    response.writeHead(found === null ? 404 : 200, {
      'content-type': `${found?.[0] ?? 'text/plain'}; charset=utf-8`,
    });
    response.end(found?.[1] ?? 'not here');
  });
  await new Promise((resolve) => server.listen(0, bind, resolve));
  const { port } = server.address();
  return {
    origin: `http://${host}:${port}`,
    port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
