import { randomBytes } from "node:crypto";
import { publicAddress } from "../../../adapters/config/settings.ts";
import type { NewMail } from "../../../db/repositories/mails.ts";
import type { NewLink } from "../../../db/repositories/accounts.ts";
import type { Letter, Sender } from "../../../domain/people/letters.ts";
import type { ApiDeps } from "../../deps.ts";
import { tokenHash } from "../../plugins/identity.ts";

/** The token of a link: 192 bits, in the mail only. */
export interface MailedLink extends NewLink {
  readonly token: string;
}

/** @param forMs how long it is good, wall ms */
export function newLink(nowWallMs: number, forMs: number): MailedLink {
  const token = randomBytes(24).toString("base64url");
  return { token, hash: tokenHash(token), expiresWallMs: nowWallMs + forMs };
}

/** The part of a link that is stored. */
export function storedLink({ hash, expiresWallMs }: MailedLink): NewLink {
  return { hash, expiresWallMs };
}

export function senderOf(deps: Pick<ApiDeps, "settings" | "observatory">): Sender {
  return { siteName: deps.observatory.site.name, address: publicAddress(deps.settings) };
}

export function mailTo(to: string, key: string, { subject, text }: Letter): NewMail {
  return { to, key, subject, text };
}
