import type { OutboxTopic } from "../../../db/entities/outbox-message.ts";
import type { ApiDeps } from "../../deps.ts";

/** Why nothing is sent to a partner, in words; one that is sent messages is not named. */
export function unsetPartners({
  observatory,
  settings,
}: Pick<ApiDeps, "observatory" | "settings">): string[] {
  const { ic, fsc } = observatory.partners ?? {};
  return [
    ...whyNot("ic", "IC", ic, settings.icSecret, "VESPER_IC_SECRET"),
    ...whyNot("fsc", "FSC", fsc, settings.fscSecret, "VESPER_FSC_SECRET"),
  ];
}

function whyNot(
  field: string,
  name: string,
  address: string | undefined,
  secret: string | null,
  setting: string,
): string[] {
  if (address === undefined) {
    return [
      `Nothing is sent to ${name}: the observatory file has no partners.${field}. Its messages wait here.`,
    ];
  }
  if (secret === null) return [`Nothing is sent to ${name}: ${setting} is not set. Its messages wait here.`];
  return [];
}

/** What a topic is about. */
export const TOPIC_WORDS: Readonly<Record<OutboxTopic, string>> = {
  "ic.schedule": "schedule to IC",
  "ic.versions": "software versions to IC",
  "ic.status": "device status to IC",
  "ic.master": "master frame to IC",
  "fsc.report": "report to FSC",
  mail: "mail",
  webhook: "notification to a webhook",
};
