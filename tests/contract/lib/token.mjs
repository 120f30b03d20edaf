// Tokens as MeetLite's own service signs them, and as attackers would like to.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

export const SECRET = 'contract-4f1c9be2a7d05386';

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

function signed(header, claims, makeSignature) {
  const body = `${encoded(header)}.${encoded(claims)}`;
  return `${body}.${makeSignature(body).toString('base64url')}`;
}

/** HS256 over exactly these claims. */
export function hs256(claims, secret = SECRET, header = { alg: 'HS256', typ: 'JWT' }) {
  return signed(header, claims, (body) => createHmac('sha256', secret).update(body).digest());
}

export function unsigned(claims, alg = 'none') {
  return `${encoded({ alg, typ: 'JWT' })}.${encoded(claims)}.`;
}

/** A key pair with `publicPem` and `token(claims)`. */
export function keyPair(alg) {
  const { publicKey, privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
    token: (claims) =>
      signed({ alg, typ: 'JWT' }, claims, (body) =>
        sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
      ),
  };
}

export function tokenOf(userId, claims = {}) {
  return hs256({ userId, email: `${userId}@example.test`, exp: inSeconds(3600), ...claims });
}
