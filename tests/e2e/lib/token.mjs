import { createHmac } from 'node:crypto';

export const SECRET = 'the-secret-that-only-these-tests-share';

/** A token like those that MeetLite's own service signs (HS256). */
export function makeToken(claims, secret = SECRET) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({
    email: `${claims.userId}@example.test`,
    exp: Math.floor(Date.now() / 1000) + 3600,
    ...claims,
  })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
