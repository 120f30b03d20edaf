/** Who this page is to the server, and with what right. */
export interface Credentials {
  token: string;
  userId: string;
  iceServers?: RTCIceServer[];
}

/** The server gives out no tokens: it is not in demo mode, and one has to be brought along. */
export class TokenNeeded extends Error {}

/** The server cannot be reached, or failed. */
export class ServerAway extends Error {}

interface Claims {
  userId?: unknown;
  name?: unknown;
}

/** What a token says of its owner, unverified: only the server can verify it. */
export function readClaims(token: string): { userId: string; name: string | undefined } | null {
  const body = token.split('.')[1];
  if (body === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(body.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Claims;
    if (typeof claims.userId !== 'string') return null;
    return {
      userId: claims.userId,
      name: typeof claims.name === 'string' ? claims.name : undefined,
    };
  } catch {
    return null;
  }
}

/**
 * Asks a server in demo mode for a token.
 * @throws TokenNeeded outside demo mode, ServerAway where there is no answer.
 */
export async function fetchDemoToken(name: string): Promise<Credentials> {
  let response: Response;
  try {
    response = await fetch('/demo/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
  } catch {
    throw new ServerAway();
  }
  if (response.status === 404 || response.status === 403 || response.status === 405) {
    throw new TokenNeeded();
  }
  if (!response.ok) throw new ServerAway();
  return (await response.json()) as Credentials;
}
