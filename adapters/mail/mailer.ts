import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createTransport } from "nodemailer";
import { storeAtomically } from "../files/store-atomically.ts";

/** One mail in plain text. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** The receiving server will never take it; sending again changes nothing. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
}

export interface Mailer {
  /**
   * Sends a mail. The key gives the Message-ID: a mail sent twice is shown once by most readers.
   * @throws MailRefused when the server refuses it for good (5xx); other errors may pass
   */
  send(key: string, mail: Mail): Promise<void>;
  close(): void;
}

/** Limit on each step of a delivery, ms. */
const STEP_LIMIT_MS = 5_000;

/**
 * Sends by SMTP, or writes files into `VESPER_HOME/mail` when there is no server.
 * @param deps.smtpUrl smtp://user:password@host:port or smtps://…; null: files
 * @param deps.from address mails come from, perhaps with a name: `Vesper <vesper@example.org>`
 */
export function createMailer(deps: {
  readonly smtpUrl: string | null;
  readonly from: string;
  readonly home: string;
  readonly nowWallMs: () => number;
}): Mailer {
  const { smtpUrl, from } = deps;
  return smtpUrl === null
    ? fileMailer(mailFolder(deps.home), from, deps.nowWallMs)
    : smtpMailer(smtpUrl, from);
}

/** Where mails lie that no server took. */
export function mailFolder(home: string): string {
  return path.join(home, "mail");
}

function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport(
    {
      url,
      connectionTimeout: STEP_LIMIT_MS,
      greetingTimeout: STEP_LIMIT_MS,
      socketTimeout: STEP_LIMIT_MS,
      // What stands in a mail may come from a stranger: it is text, never a file or an address to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  return {
    send: async (key, mail) => {
      try {
        await transport.sendMail({
          to: { name: "", address: mail.to },
          subject: mail.subject,
          text: mail.text,
          messageId: messageId(key, from),
          headers: { "Auto-Submitted": "auto-generated" },
        });
      } catch (error) {
        const { responseCode, message } = error as { responseCode?: number; message: string };
        if (responseCode !== undefined && responseCode >= 500 && responseCode < 600) {
          throw new MailRefused(`The mail server refused it: ${message}`, { cause: error });
        }
        throw new Error(`The mail server did not take it: ${message}`, { cause: error });
      }
    },
    close: () => transport.close(),
  };
}

/** One readable file a mail, by day and key: written again it is the same file. */
function fileMailer(folder: string, from: string, nowWallMs: () => number): Mailer {
  return {
    send: async (key, { to, subject, text }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const lines = [
        `Date: ${new Date(nowWallMs()).toISOString()}`,
        `From: ${from}`,
        `To: ${oneLine(to)}`,
        `Subject: ${oneLine(subject)}`,
        "",
        text,
        "",
      ];
      await storeAtomically(path.join(folder, `${digest(key)}.txt`), Buffer.from(lines.join("\n")));
    },
    close: () => undefined,
  };
}

function messageId(key: string, from: string): string {
  const host = /@([^\s>]+)/.exec(from)?.[1] ?? "vesper.invalid";
  return `<${digest(key)}@${host}>`;
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
