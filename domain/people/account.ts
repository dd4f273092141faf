/** Rules of accounts: what may be entered, and which states there are. */

/**
 * `unconfirmed`: signed up, the mail address is not proven; `pending`: waits for a decision; `active`: may enter;
 * `refused`, `disabled`: may not; `deleted`: nothing personal is left, the number stays for what it stands under.
 */
export const ACCOUNT_STATES = ["unconfirmed", "pending", "active", "refused", "disabled", "deleted"] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Shortest password, characters (NIST SP 800-63B-4 asks for 15 alone, 8 with a second factor; lock-out adds to ours). */
export const PASSWORD_MIN = 12;
/** Longest password: hashing a longer one is work for nothing. */
export const PASSWORD_MAX = 256;
const NAME_MAX = 100;
const MAIL_MAX = 254;

/** How long a link of a mail is good, wall ms. */
export const CONFIRM_LINK_MS = 48 * 3_600_000;
export const RECOVER_LINK_MS = 60 * 60_000;

/** A wrong field of a form: its name and a sentence with the rule. */
export interface FieldProblem {
  readonly field: string;
  readonly words: string;
}

/** A mail address in the form it is stored: trimmed, lower case. */
export function mailOf(text: string): string {
  return text.trim().toLowerCase();
}

/** What is wrong with a mail address, or null. Lets pass what mail servers take; proof is the link. */
export function mailProblem(mail: string): string | null {
  if (mail === "") return "Mail address: enter one, such as maria@example.org.";
  if (mail.length > MAIL_MAX)
    return `Mail address: ${mail.length} characters are too many, at most ${MAIL_MAX}.`;
  // No white space, no line ends and none of the signs that part addresses: one mail goes to one person.
  if (!/^[^\s@,;:<>()[\]"\\]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(mail))
    return `Mail address: "${mail}" is not one. It looks like maria@example.org.`;
  return null;
}

/** What is wrong with a person's name, or null. */
export function nameProblem(name: string): string | null {
  if (name.trim() === "") return "Name: enter the name that others know you by.";
  if (name.length > NAME_MAX) return `Name: ${name.length} characters are too many, at most ${NAME_MAX}.`;
  if (hasControlSigns(name)) return "Name: it holds control characters. Enter it in one line.";
  return null;
}

/**
 * What is wrong with a new password, or null. Length counts, not kinds of signs; what is in the address or the name is
 * guessed first.
 */
export function passwordProblem(password: string, known: readonly string[]): string | null {
  const { length } = password;
  if (length < PASSWORD_MIN)
    return `Password: ${length} characters are too few. At least ${PASSWORD_MIN}; a sentence is easy to keep in mind.`;
  if (length > PASSWORD_MAX) return `Password: ${length} characters are too many, at most ${PASSWORD_MAX}.`;
  if (new Set(password).size < 5)
    return "Password: it repeats the same few characters. Use at least 5 different ones.";
  const lower = password.toLowerCase();
  if (COMMON.some((word) => lower.replaceAll(word, "").length < 4))
    return "Password: it is one of those that are tried first. Choose another.";
  for (const word of known) {
    const clean = word.trim().toLowerCase();
    if (clean.length >= 4 && lower.replaceAll(clean, "").length < 8)
      return "Password: it is little more than your name or mail address. Choose another.";
  }
  return null;
}

/** Beginnings and wholes of the passwords that lists of leaks are full of. */
const COMMON = [
  "password",
  "passwort",
  "motdepasse",
  "contraseña",
  "123456789",
  "12345678",
  "qwertyuiop",
  "qwerty",
  "azerty",
  "letmein",
  "iloveyou",
  "administrator",
  "welcome",
  "observatory",
  "telescope",
];

function hasControlSigns(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
