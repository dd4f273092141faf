import { letter, type Letter, type Sender } from "./letters.ts";

/** What a person may want to be told, and the words of it. */

export const NOTIFICATION_EVENTS = [
  "alert.observed",
  "request.observed",
  "request.refused",
  "alarm",
  "night.summary",
] as const;
export type NotificationEvent = (typeof NOTIFICATION_EVENTS)[number];

/** What each is about, for the form. */
export const EVENT_WORDS: Readonly<Record<NotificationEvent, string>> = {
  "alert.observed": "An alert was observed",
  "request.observed": "A sequence of one of my requests was observed",
  "request.refused": "One of my requests is not planned tonight, or its time is over",
  alarm: "An alarm was raised",
  "night.summary": "A night has ended: its summary",
};

/** One thing that happened, as it is told. */
export interface Happening {
  readonly event: NotificationEvent;
  /** Natural name: told to each person once. */
  readonly key: string;
  readonly atWallMs: number;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** Path of the page that shows it. */
  readonly path: string;
  /** Only this person is told; null: everybody who wants to know. */
  readonly userId: string | null;
}

/** The mail that tells it. */
export function notificationLetter(sender: Sender, name: string, happening: Happening): Letter {
  return letter(sender, name, happening.title, [
    happening.text,
    `See it:\n${sender.address}${happening.path}`,
    `You chose to be told; choose otherwise:\n${sender.address}/profile#notifications`,
  ]);
}

/**
 * Why a webhook address is not taken, or null. Only https, and http to this machine itself: what is told would otherwise be
 * readable on the way.
 */
export function webhookProblem(url: string): string | null {
  if (url.length > 500) return `Webhook address: ${url.length} characters are too many, at most 500.`;
  const parts = /^(https?):\/\/([^/?#\s@\\]+)(?:[/?][^\s\\]*)?$/i.exec(url);
  if (parts === null)
    return `Webhook address: "${url}" is not one. It looks like https://example.org/hook, without a password.`;
  const host = (parts[2] ?? "").replace(/:\d+$/, "").toLowerCase();
  const isLoopback = host === "localhost" || host.startsWith("127.") || host === "[::1]";
  if (parts[1]?.toLowerCase() === "http" || isLoopback)
    return "Webhook address: it must begin with https:// and be another machine's.";
  if (
    /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|0\.|\[)|^\d+$|\.(internal|local|localhost)$/.test(
      host,
    )
  )
    return "Webhook address: addresses inside this network are not posted to.";
  return null;
}
