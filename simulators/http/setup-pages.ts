/** The HTML pages every Alpaca server has: what is here, what it does, what it was told. */
import type { CommandEntry } from "../command-log.ts";
import type { HostedDevice } from "../host.ts";

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
<style>body{font:15px/1.5 system-ui,sans-serif;background:#14161a;color:#d6d9de;margin:2rem;max-width:70rem}
a{color:#8fb8ff}table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}td,th{border-bottom:1px solid #333;padding:.25rem .75rem;text-align:left;font-variant-numeric:tabular-nums}
th{font-weight:600;color:#9aa0a8}</style></head><body><h1>${escape(title)}</h1>${body}</body></html>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]): string => row.map((cell) => `<td>${cell}</td>`).join("");
  return `<table><tr>${head.map((cell) => `<th>${escape(cell)}</th>`).join("")}</tr>${rows
    .map((row) => `<tr>${cells(row)}</tr>`)
    .join("")}</table>`;
}

function logTable(entries: readonly CommandEntry[]): string {
  if (entries.length === 0) return "<p>No command yet.</p>";
  return table(
    ["Observatory time (UTC)", "Device", "Command", "Parameters", "By", "Cause"],
    entries
      .toReversed()
      .slice(0, 200)
      .map((entry) => [
        new Date(entry.observatoryMs).toISOString(),
        escape(entry.device),
        escape(entry.command),
        escape(
          Object.entries(entry.parameters)
            .map(([name, value]) => `${name}=${String(value)}`)
            .join(" "),
        ),
        escape(entry.client),
        escape(entry.cause),
      ]),
  );
}

/** `/setup`: all devices of the server and the newest commands. */
export function serverPage(
  devices: readonly HostedDevice[],
  log: readonly CommandEntry[],
  observatoryTimeMs: number,
): string {
  const rows = devices.map((hosted) => {
    const { type, number, name, uniqueId } = hosted.device.identity;
    return [
      `<a href="/setup/v1/${type}/${number}/setup">${escape(name)}</a>`,
      `${type} ${number}`,
      hosted.connected() ? "connected" : "not connected",
      hosted.fault.current() ?? "",
      escape(uniqueId),
    ];
  });
  return page(
    "Vesper simulators",
    `<p>Observatory time ${new Date(observatoryTimeMs).toISOString()}</p>
${table(["Device", "Alpaca", "State", "Fault", "UniqueID"], rows)}<h2>Commands</h2>${logTable(log)}`,
  );
}

/** A set-up page that is not there: the management API wants HTML, with status 403. */
export function missingPage(path: string): string {
  return page("No such device", `<p>No set-up page at ${escape(path)}. <a href="/setup">All devices</a></p>`);
}

/** `/setup/v1/{type}/{number}/setup`: one device, its state and the commands it took. */
export function devicePage(hosted: HostedDevice, log: readonly CommandEntry[]): string {
  const { identity, description } = hosted.device;
  const state = Object.entries(hosted.device.state()).map(([name, value]) => [
    escape(name),
    escape(String(value)),
  ]);
  return page(
    identity.name,
    `<p>${escape(description)}. Settings come from the observatory file; faults from <code>vesper sim fault ${escape(identity.id)} KIND</code>.</p>
<p>${hosted.connected() ? "Connected" : "Not connected"}. Fault: ${hosted.fault.current() ?? "none"}. <a href="/setup">All devices</a></p>
${table(["State", "Value"], state)}<h2>Commands</h2>${logTable(log)}`,
  );
}
