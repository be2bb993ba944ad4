import type { DevFile } from './dev-file.ts';

export type DevStarted = {
  dev: DevFile;
  /** The path of the file that `dev` was written to. */
  devPath: string;
  /** The temporary folder of an ephemeral start, for RUNFLEET_HOME of other commands; else null. */
  ephemeralHome: string | null;
  /** Whether this user's shell sends HTTP requests through a proxy. */
  isProxied: boolean;
  /** The model of the catalogue that answers. */
  model: string;
  /** A description of its folder or engine. */
  engine: string;
};

/** What a person needs after the start: addresses, credentials, and a command that works when pasted. */
export function banner({ dev: file, ...started }: DevStarted): string {
  const found =
    started.ephemeralHome === null
      ? ''
      : `\nNothing is kept. Other commands find this instance with RUNFLEET_HOME=${started.ephemeralHome}`;
  return `
Runfleet is ready.

  Dashboard   ${file.dashboardUrl}
              ${file.adminEmail} / ${file.adminPassword}
  API         ${file.apiUrl}
  Socket      ${file.socketUrl}
  Model       ${started.engine}

  API key     ${file.apiKey}
  API secret  ${file.apiSecret}

Try it:

${curlCommand(file, started)}

Read the answer (debugoutput) in the same shell, with the taskid that this printed in place of 1:

${detailCommand(file, started)}

Stop with Ctrl-C. These values are also in ${started.devPath}${found}
`;
}

/** The sample of the model page with this instance's values: sign, then run. */
function curlCommand(
  file: DevFile,
  { isProxied, model }: Pick<DevStarted, 'isProxied' | 'model'>,
): string {
  return `  export YOUR_API_KEY="${file.apiKey}" YOUR_API_SECRET="${file.apiSecret}" NONCE=$(date +%s)
  export SIGNATURE="$(echo -n "\${YOUR_API_SECRET}\${NONCE}" | openssl dgst -sha256 -hmac "\${YOUR_API_KEY}")"
${curl(`${file.apiUrl}/Run/${model}`, '{"prompt": "Hello, who are you?"}', isProxied)}`;
}

function detailCommand(file: DevFile, { isProxied }: Pick<DevStarted, 'isProxied'>): string {
  return curl(`${file.apiUrl}/Task/Detail`, '{"taskid": "1"}', isProxied);
}

function curl(url: string, body: string, isProxied: boolean): string {
  // curl uses the proxy even for loopback addresses.
  const direct = isProxied ? "--noproxy '*' " : '';
  return `  curl ${direct}-X POST "${url}" -H "Content-Type: application/json" \\
    -H "x-api-key: \${YOUR_API_KEY}" -H "x-nonce: \${NONCE}" -H "x-signature: \${SIGNATURE}" \\
    -d '${body}'`;
}
