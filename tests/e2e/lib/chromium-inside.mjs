// Chromium as a process of its own in a network namespace.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchAlone, openPage } from './browser.mjs';

/**
 * @param {string[]} inside what to put before a command line to run it in the namespace; as another
 *   user than root it must hand on the open descriptors that the browser is driven by
 * @param {string} origin of the page, which may use the camera though it is not from localhost
 */
export async function openChromiumInside(stage, inside, origin) {
  const folder = await mkdtemp(join(tmpdir(), 'chromium-inside-'));
  stage.defer(() => rm(folder, { recursive: true, force: true }));
  const wrapper = join(folder, 'chromium');
  const binary = process.env.CHROMIUM ?? '/usr/bin/chromium';
  await writeFile(wrapper, `#!/bin/sh\nexec ${inside.join(' ')} ${binary} "$@"\n`);
  await chmod(wrapper, 0o755);
  const browser = await launchAlone(wrapper, [
    `--unsafely-treat-insecure-origin-as-secure=${origin}`,
  ]);
  stage.defer(() => browser.close());
  const page = await openPage(browser);
  stage.pages.push(page);
  return page;
}
