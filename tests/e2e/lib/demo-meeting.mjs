// Two on the demo page.
import { openDemoPage } from './demo-person.mjs';

/** Ana in a page of her own, to which the server is at `localUrl`, and Ben, who see each other. */
export async function meetOnDemoPage(stage, server, page, localUrl = server.localUrl) {
  const token = (userId, name) => server.token({ userId, name });
  const ana = await openDemoPage(page, { localUrl }, { name: 'Ana', token: token('ana', 'Ana') });
  const ben = await stage.demoPerson(server, { name: 'Ben', token: token('ben', 'Ben') });
  await ana.untilSees('Ben');
  await ben.untilSees('Ana');
  return { ana, ben };
}
