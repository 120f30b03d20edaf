// Tests by name: each gets a Stage, which starts what it asks for and ends it again.
import { mkdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { closeBrowsers } from './browser.mjs';
import { Stage } from './stage.mjs';

const DEFAULT_TIMEOUT_MS = 90_000;
/**
 * Files whose tests run one after another beside all the rest: about half of the time, and all that
 * give this machine further addresses.
 */
const SECOND_LANE = /^(20|60|70|75|76|77|80|85|86)-/;
const OUTPUT = new URL('../output/', import.meta.url);
/** More than these that fail are a fault of the server or of the tests, not of a machine that is too busy. */
const MOST_SECOND_TRIES = 3;

const tests = [];

/**
 * @param {string} name a claim that can be false
 * @param {(stage: Stage) => Promise<void>} body
 * @param {{ timeoutMs?: number, mostlyWaits?: boolean }} [options] those that mostly wait
 *   for the server's patience to end have a third lane
 */
export function test(name, body, { timeoutMs = DEFAULT_TIMEOUT_MS, mostlyWaits = false } = {}) {
  tests.push({ name, body, timeoutMs, mostlyWaits, file: callerFile() });
}

/**
 * Runs them in lanes beside each other; where a few fail, these once more with nothing beside them.
 * @returns {Promise<{ passed: number, failed: number, secondTries: string[] }>} whose names passed
 *   only then
 */
export async function runAll(filter) {
  await rm(OUTPUT, { recursive: true, force: true });
  const wanted = tests.filter(
    ({ name, file }) => filter === '' || name.includes(filter) || file.includes(filter),
  );
  const waiting = wanted.filter(({ mostlyWaits }) => mostlyWaits);
  const working = wanted.filter(({ mostlyWaits }) => !mostlyWaits);
  const first = working.filter(({ file }) => !SECOND_LANE.test(file));
  const second = working.filter(({ file }) => SECOND_LANE.test(file));
  const results = (
    await Promise.all([first, second, waiting].map((lane, i) => runInOrder(lane, `lane ${i}`)))
  ).flat();
  await closeBrowsers();
  const failures = results.filter(({ passed }) => !passed).map(({ entry }) => entry);
  const secondTries = failures.length > MOST_SECOND_TRIES ? [] : await runAlone(failures);
  return {
    passed: results.length - failures.length + secondTries.length,
    failed: failures.length - secondTries.length,
    secondTries,
  };
}

async function runInOrder(lane, browser) {
  const results = [];
  // Pages of one browser share its fake camera, and with it the size that the first one asked for.
  for (const entry of lane) {
    results.push({ entry, passed: await runOne(entry, browser) });
  }
  return results;
}

/** Resolves with the names of those that pass. */
async function runAlone(entries) {
  const passed = [];
  for (const entry of entries) {
    console.log(`alone ${entry.name}`);
    if (await runOne(entry, 'alone')) passed.push(entry.name);
    await closeBrowsers();
  }
  return passed;
}

async function runOne({ name, body, timeoutMs }, browser) {
  const stage = new Stage(browser);
  const started = performance.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`not done after ${timeoutMs / 1000} s; ${stage.waitingFor()}`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([body(stage), late]);
    await stage.checkServers();
    await stage.close();
    console.log(`ok    ${name} (${seconds(started)})`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${name} (${seconds(started)})`);
    console.log(indent(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    await stage.checkServers().catch(({ message }) => console.log(indent(message)));
    await saveEvidence(stage, name);
    return false;
  } finally {
    clearTimeout(timer);
    await stage.close().catch(() => undefined);
  }
}

async function saveEvidence(stage, name) {
  const folder = new URL(`${name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 80)}/`, OUTPUT);
  await mkdir(folder, { recursive: true });
  await stage.save(folder);
  console.log(`      evidence in tests/e2e/output/${basename(folder.pathname)}`);
}

function callerFile() {
  const line = new Error().stack?.split('\n').find((frame) => frame.includes('.e2e.mjs')) ?? '';
  return /([\w-]+)\.e2e\.mjs/.exec(line)?.[1] ?? '';
}

function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

function indent(text) {
  return text
    .split('\n')
    .slice(0, 8)
    .map((line) => `      ${line}`)
    .join('\n');
}
