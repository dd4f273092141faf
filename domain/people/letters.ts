/** The mails that accounts give rise to: plain text, what happened, what to do, until when. */

export interface Letter {
  readonly subject: string;
  readonly text: string;
}

/** Where a letter comes from and where its links lead. */
export interface Sender {
  /** Name of the site. */
  readonly siteName: string;
  /** Address people use, without a slash at the end. */
  readonly address: string;
}

export function confirmLetter(sender: Sender, name: string, token: string): Letter {
  return letter(sender, name, "Confirm your mail address", [
    `Somebody, most likely you, asked for an account at the observatory ${sender.siteName} with this mail address.`,
    `Confirm the address within 48 hours:\n${sender.address}/sign-up/confirm/${token}`,
    "It was not you? Do nothing: without this link the account is never made active.",
  ]);
}

/** To the owner of an account whose address was used to sign up again. */
export function knownLetter(sender: Sender, name: string): Letter {
  return letter(sender, name, "You have an account already", [
    "Somebody, most likely you, asked for an account with this mail address. There is one already; nothing was changed.",
    `Forgot the password? Set a new one:\n${sender.address}/recover`,
  ]);
}

export function recoverLetter(sender: Sender, name: string, token: string): Letter {
  return letter(sender, name, "Set a new password", [
    "Somebody, most likely you, asked to set a new password for your account.",
    `This link works once, for 60 minutes:\n${sender.address}/recover/${token}`,
    "It was not you? Do nothing: the password stays as it is.",
  ]);
}

export function passwordChangedLetter(sender: Sender, name: string): Letter {
  return letter(sender, name, "Your password was changed", [
    "The password of your account was changed just now, and every other session was signed out.",
    `It was not you? Set a new one at once, and tell an administrator:\n${sender.address}/recover`,
  ]);
}

/** To those who decide: somebody waits. */
export function waitingLetter(sender: Sender, name: string, applicant: string, motive: string): Letter {
  return letter(sender, name, `${applicant} asks for an account`, [
    `${applicant} has signed up and confirmed the mail address. Their words:`,
    motive === "" ? "(none)" : motive,
    `Accept or refuse:\n${sender.address}/applications`,
  ]);
}

/** To a member of the commission: a vote is open. `until` in words, with its zone. */
export function voteLetter(sender: Sender, name: string, applicant: string, until: string): Letter {
  return letter(sender, name, `Vote: an account for ${applicant}`, [
    `The commission is asked whether ${applicant} gets an account. The vote ends ${until}.`,
    `Vote here:\n${sender.address}/applications`,
  ]);
}

export function acceptedLetter(sender: Sender, name: string, reason: string): Letter {
  return letter(sender, name, "Your account is active", [
    `Your account at the observatory ${sender.siteName} was accepted.${reason === "" ? "" : ` ${reason}`}`,
    `Sign in:\n${sender.address}/sign-in`,
  ]);
}

export function refusedLetter(sender: Sender, name: string, reason: string): Letter {
  return letter(sender, name, "Your account was not accepted", [
    `Your account at the observatory ${sender.siteName} was not accepted.`,
    reason === "" ? "No reason was given." : `The reason: ${reason}`,
    "What you entered is removed when you ask for it; you may sign up again.",
  ]);
}

export function deletedLetter(sender: Sender, name: string): Letter {
  return letter(sender, name, "Your account is deleted", [
    "Your account is deleted: name, mail address, password, sessions, tokens and settings are gone.",
    "Requests and images stay with their programme, under a number without a name.",
  ]);
}

/** The frame of every letter. */
export function letter(
  { siteName, address }: Sender,
  name: string,
  subject: string,
  parts: readonly string[],
): Letter {
  return {
    // One line: a line end in a subject would start a header of somebody else's making.
    subject: `${subject} · ${siteName}`.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " "),
    text: [`Hello ${name},`, ...parts, `Vesper at ${siteName}\n${address}`].join("\n\n"),
  };
}
