// Chromium with fake devices, a process for each name and set of flags.
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--no-first-run',
];

const running = new Map();

/** A process that whoever asks for it closes again. */
export function launchAlone(executablePath, extra) {
  return chromium.launch({
    executablePath,
    args: [...FLAGS, ...extra],
    ignoreDefaultArgs: ['--mute-audio', '--headless', '--hide-scrollbars'],
  });
}

/** @param {string[]} extra flags beside the usual ones */
function launchChromium(name, extra) {
  const key = [name, ...extra].join(' ');
  if (!running.has(key)) running.set(key, launchAlone(CHROMIUM, extra));
  return running.get(key);
}

export async function closeBrowsers() {
  for (const browser of running.values()) await (await browser).close();
  running.clear();
}

/** Runs in each page before its own scripts: keeps its peer connections where tests can ask them. */
function recordPeerConnections() {
  const Native = window.RTCPeerConnection;
  window.peerConnections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.peerConnections.push(this);
    }
  };
  window.inbound = async (kind) => {
    const all = [];
    for (const connection of window.peerConnections) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === kind) all.push(report);
      }
    }
    return all;
  };
}

/** A page in a context of its own, its console kept. */
export async function newPage({ browser = 'only', flags = [], ...context } = {}) {
  return openPage(await launchChromium(browser, flags), context);
}

export async function openPage(
  browser,
  {
    viewport = { width: 1280, height: 720 },
    permissions = ['camera', 'microphone'],
    ...context
  } = {},
) {
  const opened = await browser.newContext({ viewport, permissions, ...context });
  const page = await opened.newPage();
  page.lines = [];
  page.on('console', (message) => page.lines.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => page.lines.push(`uncaught: ${error.stack ?? error.message}`));
  await page.addInitScript(recordPeerConnections);
  return page;
}
