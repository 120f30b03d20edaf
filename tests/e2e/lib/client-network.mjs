// A network namespace for one browser, whose cable and addresses a test changes in mid-call.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { asRoot, ip, shortName } from './network.mjs';

const run = promisify(execFile);

export class ClientNetwork {
  #name = shortName('meetlite');
  #cable;

  /** @param {{ outside: string, inside: string }} cable this machine's address on it, and the client's */
  static async open(stage, { outside, inside }) {
    const network = new ClientNetwork();
    await ip('netns', 'add', network.#name);
    stage.defer(() => ip('netns', 'del', network.#name));
    await network.#in('link', 'set', 'lo', 'up');
    await network.#plugIn(stage, { outside, inside });
    return network;
  }

  /** What to put before a command line to run it inside. */
  get inside() {
    return asRoot('ip', 'netns', 'exec', this.#name);
  }

  /** The client's address on its cable becomes another one, as a new lease of DHCP may have it. */
  async changeAddress(inside) {
    const { far, outside } = this.#cable;
    await this.#in('address', 'flush', 'dev', far);
    await this.#in('address', 'add', `${inside}/24`, 'dev', far);
    await this.#in('route', 'replace', 'default', 'via', outside);
    this.#cable.inside = inside;
  }

  /** The cable is pulled and another one plugged in, with other addresses at both ends. */
  async changeCable(stage, addresses) {
    await ip('link', 'del', this.#cable.near);
    await this.#plugIn(stage, addresses);
  }

  /** From now on nothing leaves but TCP to these ports of any machine. */
  async allowOnlyTcpTo(ports) {
    for (const port of ports) {
      await this.#in('rule', 'add', 'pref', '10', 'ipproto', 'tcp', 'dport', port, 'lookup', 'main');
    }
    await this.#in('rule', 'add', 'pref', '20', 'prohibit');
  }

  /** From now on the line to the client carries so many bits a second, and holds little of the rest. */
  async slowDown(rate) {
    const shape = ['root', 'tbf', 'rate', rate, 'burst', '4kb', 'limit', '30kb'];
    const command = ['tc', 'qdisc', 'add', 'dev', this.#cable.near, ...shape];
    const [program, ...args] = asRoot(...command);
    await run(program, args);
  }

  /** From now on a firewall drops all UDP on its way out. */
  async dropUdp() {
    const rules =
      'table inet filter { chain output { type filter hook output priority 0; oifname != "lo" meta l4proto udp drop; }; }';
    const [program, ...args] = [...this.inside, 'nft', rules];
    await run(program, args);
  }

  /** Whether a datagram may leave for this address. */
  async letsUdpOut(address) {
    const [program, ...args] = [
      ...this.inside,
      'ip',
      'route',
      'get',
      address,
      'ipproto',
      'udp',
      'dport',
      '40000',
    ];
    return run(program, args).then(
      () => true,
      () => false,
    );
  }

  async #plugIn(stage, { outside, inside }) {
    const [near, far] = [shortName('mlo'), shortName('mli')];
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.#name);
    stage.defer(() => ip('link', 'del', near).catch(() => undefined));
    await ip('address', 'add', `${outside}/24`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await this.#in('address', 'add', `${inside}/24`, 'dev', far);
    await this.#in('link', 'set', far, 'up');
    await this.#in('route', 'add', 'default', 'via', outside);
    this.#cable = { near, far, outside, inside };
  }

  #in(...args) {
    return ip('-n', this.#name, ...args.map(String));
  }
}
