// Tokens of the load generator: HS256 (RFC 7519, RFC 7515).

import { createHmac, timingSafeEqual } from "node:crypto";

/** The claims, or null where the token is not one that `secret` signed. */
export function verifyToken(token, secret) {
  if (typeof token !== "string") return null;
  const [header, payload, signature, ...rest] = token.split(".");
  if (!signature || rest.length > 0) return null;
  const expected = createHmac("sha256", secret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  try {
    const { alg } = JSON.parse(Buffer.from(header, "base64url").toString());
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    return alg === "HS256" && typeof claims.userId === "string" ? claims : null;
  } catch {
    return null;
  }
}
