import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { ScryptOptions } from "node:crypto";

/** Cost of one hash: N = 2^15, r = 8, p = 3 (32 MiB, OWASP Password Storage Cheat Sheet). */
const COST = { N: 32_768, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** `scrypt$N$r$p$salt$hash` of a password with a salt of its own; salt and hash in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, HASH_BYTES, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64"), hash.toString("base64")].join("$");
}

/**
 * Whether a password is the one that was hashed; compares in constant time.
 * @param stored null for an unknown mail address: the same work is done, so that the answer takes as long.
 */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const parts = (stored ?? UNKNOWN).split("$");
  const [scheme, n, r, p, salt, hash] = parts;
  if (scheme !== "scrypt" || parts.length !== 6 || salt === undefined || hash === undefined) {
    throw new Error("a stored password hash is not in the form scrypt$N$r$p$salt$hash");
  }
  const expected = Buffer.from(hash, "base64");
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(salt, "base64"), expected.length, cost);
  return timingSafeEqual(derived, expected) && stored !== null;
}

/** Stands in for the hash of a user who does not exist. */
const UNKNOWN = ["scrypt", COST.N, COST.r, COST.p, "AAAAAAAAAAAAAAAAAAAAAA==", "A".repeat(43) + "="].join(
  "$",
);

function derive(password: string, salt: Buffer, length: number, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard gives the same bytes.
    const text = password.normalize("NFKC");
    scrypt(text, salt, length, { ...cost, maxmem: 64 * 1024 * 1024 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
