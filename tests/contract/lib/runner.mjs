// Tests by name. Each gets a Scene, which starts servers and people for it and ends them again.
import { Scene } from './scene.mjs';

const TEST_LIMIT_MS = 30_000;
const tests = [];

/** A test says this where the machine cannot show what it claims. */
export class Skipped extends Error {}

/**
 * @param {string} name a claim that can be false
 * @param {(scene: Scene) => Promise<void>} body
 */
export function test(name, body) {
  tests.push({ name, body });
}

export async function runAll(filter) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, body } of tests.filter((entry) => entry.name.includes(filter))) {
    const { result, error } = await runOne(body);
    counts[result] += 1;
    console.log(`${{ passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[result]} ${name}`);
    if (error) console.log(indent(result === 'failed' ? (error.stack ?? String(error)) : error.message));
  }
  await Scene.endSharedServers();
  return counts;
}

async function runOne(body) {
  const scene = new Scene();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${TEST_LIMIT_MS / 1000} s`)), TEST_LIMIT_MS);
  });
  try {
    await Promise.race([body(scene), late]);
    scene.checkServers();
    return { result: 'passed' };
  } catch (error) {
    return { result: error instanceof Skipped ? 'skipped' : 'failed', error };
  } finally {
    clearTimeout(timer);
    await scene.end();
  }
}

function indent(text) {
  const told = text.split('\n').filter((line) => !/^ +at .*(node:internal|contract\/lib|run\.mjs)/.test(line));
  return told
    .slice(0, 30)
    .map((line) => `          ${line}`)
    .join('\n');
}
