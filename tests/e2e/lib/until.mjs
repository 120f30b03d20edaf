// Waiting for conditions, never for time.

const POLL_MS = 100;
const DEFAULT_LIMIT_MS = 20_000;

let current = 'waiting for nothing';

export function currentWait() {
  return current;
}

/**
 * Asks again and again until the answer is true (or an object, which is returned).
 * @throws with the last answer, or the last error, after the limit.
 */
export async function until(what, ask, limitMs = DEFAULT_LIMIT_MS) {
  const end = performance.now() + limitMs;
  let last;
  for (;;) {
    current = `waiting until ${what}, last seen ${JSON.stringify(last)}`;
    try {
      last = await ask();
      if (last === true || (typeof last === 'object' && last !== null && last.met !== false)) {
        current = `after: ${what}`;
        return last;
      }
    } catch (error) {
      if (error?.final) throw error;
      last = error instanceof Error ? error.message : error;
    }
    if (performance.now() > end) {
      throw new Error(
        `not within ${limitMs / 1000} s: ${what}; last seen: ${JSON.stringify(last)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Until the number that `read` gives is larger than at first, by at least `by`. */
export async function untilGrows(what, read, by = 5, limitMs = DEFAULT_LIMIT_MS) {
  let first;
  return until(
    `${what} grows by ${by}`,
    async () => {
      const now = await read();
      first ??= now;
      return now >= first + by ? true : { met: false, first, now };
    },
    limitMs,
  );
}

/** Until the number has not changed for a second. */
export async function untilStill(what, read, limitMs = DEFAULT_LIMIT_MS) {
  let value;
  let since = performance.now();
  return until(
    `${what} stands still for a second`,
    async () => {
      const now = await read();
      if (now !== value) {
        value = now;
        since = performance.now();
      }
      return performance.now() - since >= 1000 ? true : { met: false, now };
    },
    limitMs,
  );
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function assertEqual(actual, expected, what) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e) throw new Error(`${what}: expected ${e}, got ${a}`);
}
