import type { DevFile } from './dev-file.ts';

export type DevStarted = {
  dev: DevFile;
  /** Where `dev` was written to. */
  devPath: string;
  /** The folder of a start that keeps nothing, which commands take for a RUNFLEET_HOME; null for others. */
  ephemeralHome: string | null;
  /** Whether a shell of this user asks a proxy. */
  isProxied: boolean;
  /** What answers, for people. */
  engine: string;
};

/** What a person needs next, with a command that works when pasted. */
export function banner({ dev: file, ...started }: DevStarted): string {
  const found =
    started.ephemeralHome === null
      ? ''
      : `\nNothing is kept. Commands find this start with RUNFLEET_HOME=${started.ephemeralHome}`;
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

${curlCommand(file, started.isProxied)}

Stop with Ctrl-C. All of this is also in ${started.devPath}${found}
`;
}

/** The page's own sample, filled in: sign, then run. */
function curlCommand(file: DevFile, isProxied: boolean): string {
  // curl would ask a proxy even for this machine.
  const direct = isProxied ? "--noproxy '*' " : '';
  return `  export YOUR_API_KEY="${file.apiKey}" YOUR_API_SECRET="${file.apiSecret}" NONCE=$(date +%s)
  export SIGNATURE="$(echo -n "\${YOUR_API_SECRET}\${NONCE}" | openssl dgst -sha256 -hmac "\${YOUR_API_KEY}")"
  curl ${direct}-X POST "${file.apiUrl}/Run/microsoft/Phi-3.5-mini-instruct" -H "Content-Type: application/json" \\
    -H "x-api-key: \${YOUR_API_KEY}" -H "x-nonce: \${NONCE}" -H "x-signature: \${SIGNATURE}" \\
    -d '{"prompt": "Hello, who are you?"}'`;
}
