/** Parses a URL of one of the given protocols; throws an error that names the setting. */
export function parseServerUrl(url: string, protocols: string[], setting: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && protocols.includes(parsed.protocol)) return parsed;
  throw new Error(
    `${setting} is not a URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}.`,
  );
}

/** The URL without its password, for messages. */
export function withoutPassword(url: URL): string {
  const user = url.username && `${url.username}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}`;
}
