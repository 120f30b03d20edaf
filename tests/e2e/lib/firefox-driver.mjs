// Runs inside the network namespace, where alone the browser can be reached: opens Firefox and
// evaluates in its page what comes in as lines of JSON. `node firefox-driver.mjs BINARY URL`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import puppeteer from 'puppeteer-core';

const PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // The page comes from the cable's other end, which is neither HTTPS nor localhost.
  'media.devices.insecure.enabled': true,
  'media.getusermedia.insecure.enabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.gmp-manager.updateEnabled': false,
  'app.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

const [binary, url] = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'meetlite-firefox-'));
const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: binary,
  headless: true,
  extraPrefsFirefox: PREFS,
  env: { PATH: process.env.PATH, HOME: home, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
});
const page = await browser.newPage();

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function close() {
  await browser.close().catch(() => undefined);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

page.on('console', (message) => say({ line: `${message.type()}: ${message.text()}` }));
page.on('pageerror', (error) => say({ line: `uncaught: ${error.message}` }));
await page.goto(url);
say({ ready: await browser.version() });

const input = createInterface({ input: process.stdin });
input.on('close', close);
input.on('line', async (line) => {
  const { id, source, argument } = JSON.parse(line);
  try {
    const expression = `(${source})(${JSON.stringify(argument) ?? ''})`;
    say({ id, value: (await page.evaluate(expression)) ?? null });
  } catch (error) {
    say({ id, error: error.message });
  }
});
