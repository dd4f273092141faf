/** A path of this server, whatever was asked for: a link may not lead elsewhere after signing in. */
export function localPath(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next) || /[\p{Cc}\\]/u.test(next)) return "/";
  // What a browser makes of it decides: "/.//evil.example" is a path to us and must stay one.
  const url = new URL(next, "http://local.invalid");
  if (url.host !== "local.invalid" || url.pathname.startsWith("//")) return "/";
  return `${url.pathname}${url.search}${url.hash}`;
}
