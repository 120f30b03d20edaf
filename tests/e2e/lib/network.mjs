// Extra addresses and a network namespace of a test's own. Both need root, or sudo without asking.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SUDO = process.getuid() === 0 ? [] : ['sudo', '-n'];

/** The command line that runs something as root. */
export function asRoot(...command) {
  return [...SUDO, ...command];
}

export async function ip(...args) {
  const [program, ...rest] = asRoot('ip', ...args);
  try {
    return (await run(program, rest)).stdout;
  } catch (error) {
    throw new Error(`ip ${args.join(' ')}: ${(error.stderr ?? error.message).trim()}`);
  }
}

export function shortName(prefix) {
  return `${prefix}${process.pid % 10_000}${Math.floor(Math.random() * 1000)}`;
}

/** Gives this machine one more address, on a pair of virtual cables that leads nowhere. */
export async function withExtraAddress(stage, address) {
  const [near, far] = [shortName('mla'), shortName('mlb')];
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
  stage.defer(() => ip('link', 'del', near));
  await ip('link', 'set', near, 'up');
  await ip('link', 'set', far, 'up');
  // Without the check for doubles a new IPv6 address can be used at once.
  const more = address.includes(':') ? ['nodad'] : [];
  await ip('address', 'add', `${address}/${more.length > 0 ? 64 : 24}`, 'dev', near, ...more);
}

/**
 * A network namespace with a cable to this machine and its default route over it.
 * @returns what runs a program inside: a command line to put before its own
 */
export async function withNamespace(stage, { outside, inside }) {
  const name = shortName('meetlite');
  const [near, far] = [shortName('mlo'), shortName('mli')];
  await ip('netns', 'add', name);
  stage.defer(() => ip('netns', 'del', name));
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
  await ip('address', 'add', `${outside}/24`, 'dev', near);
  await ip('link', 'set', near, 'up');
  await ip('-n', name, 'address', 'add', `${inside}/24`, 'dev', far);
  await ip('-n', name, 'link', 'set', far, 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'route', 'add', 'default', 'via', outside);
  return asRoot('ip', 'netns', 'exec', name);
}
