// What one test has set up: servers, pages, people. Closing it ends everything by its own handle.
import { writeFile } from 'node:fs/promises';
import { newPage } from './browser.mjs';
import { openDemoPage } from './demo-person.mjs';
import { HookPerson } from './hook-person.mjs';
import { startHookSite } from './hook-site.mjs';
import { Server } from './server.mjs';
import { currentWait } from './until.mjs';

export class Stage {
  servers = [];
  pages = [];
  #closers = [];
  #site;
  #browser;

  /** @param {string} browser which process its pages share with those of other stages */
  constructor(browser = 'only') {
    this.#browser = browser;
  }

  /** Runs when the test is over, last in first out. */
  defer(close) {
    this.#closers.push(close);
  }

  async site() {
    if (this.#site === undefined) {
      this.#site = await startHookSite();
      this.defer(() => this.#site.close());
    }
    return this.#site;
  }

  /** A server that lets the small page in; see Server.start for the options. */
  async server(options = {}) {
    const { origin } = await this.site();
    const server = await Server.start({ corsOrigin: origin, ...options });
    this.servers.push(server);
    return server;
  }

  async page(options = {}) {
    const page = await newPage({ browser: this.#browser, ...options });
    this.pages.push(page);
    return page;
  }

  /**
   * Somebody on the small page, connected but not joined.
   * @param {{ client?: 'newest'|'old', userId: string, roomId?: string }} options
   */
  async person(server, { client = 'newest', flags = [], ...options }) {
    const { origin } = await this.site();
    const page = await this.page({ flags });
    await page.goto(`${origin}/?client=${client}`);
    await page.waitForFunction(() => window.hook !== undefined);
    return HookPerson.connect(page, server, options);
  }

  /** Somebody on the demo page, in the meeting. */
  async demoPerson(server, options) {
    const page = await this.page(options);
    return openDemoPage(page, server, options);
  }

  waitingFor() {
    return currentWait();
  }

  /** @throws if a server crashed during the test. */
  async checkServers() {
    for (const server of this.servers) {
      if (server.running || server.mayEnd) continue;
      throw new Error(`the server ended with ${server.ending}:\n${server.log.slice(-600)}`);
    }
  }

  async save(folder) {
    for (const [i, page] of this.pages.entries()) {
      await writeFile(new URL(`page-${i}-console.txt`, folder), `${page.lines.join('\n')}\n`);
      await page
        .screenshot({ path: new URL(`page-${i}.png`, folder).pathname, timeout: 5_000 })
        .catch(() => undefined);
      const events = await page.evaluate(() => window.hook?.events ?? null).catch(() => null);
      if (events !== null) {
        await writeFile(new URL(`page-${i}-events.json`, folder), JSON.stringify(events, null, 1));
      }
    }
    for (const [i, server] of this.servers.entries()) {
      await writeFile(new URL(`server-${i}.log`, folder), server.log);
    }
  }

  /** @throws if a server does not end as it should. */
  async close() {
    for (const page of this.pages)
      await page
        .context()
        .close()
        .catch(() => undefined);
    for (const close of this.#closers.splice(0).reverse()) await close();
    const ended = await Promise.allSettled(this.servers.map((server) => server.stop()));
    const refusal = ended.find(({ status }) => status === 'rejected');
    if (refusal !== undefined) throw refusal.reason;
  }
}
