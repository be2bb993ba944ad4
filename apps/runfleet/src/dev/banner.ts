import type { DevFile } from './dev-file.ts';

/** What a person needs next, ending in a command that works when pasted. */
export function banner(file: DevFile, engine: string): string {
  return `
Runfleet is ready.

  Dashboard   ${file.dashboardUrl}
              ${file.adminEmail} / ${file.adminPassword}
  API         ${file.apiUrl}
  Socket      ${file.socketUrl}
  Model       ${engine}

  API key     ${file.apiKey}
  API secret  ${file.apiSecret}

Try it:

${curlCommand(file)}

Stop with Ctrl-C. All of this is also in .runfleet/dev.json.
`;
}

/** The page's own sample, filled in: sign, then run. */
function curlCommand(file: DevFile): string {
  return `  export YOUR_API_KEY="${file.apiKey}" YOUR_API_SECRET="${file.apiSecret}" NONCE=$(date +%s)
  export SIGNATURE="$(echo -n "\${YOUR_API_SECRET}\${NONCE}" | openssl dgst -sha256 -hmac "\${YOUR_API_KEY}")"
  curl -X POST "${file.apiUrl}/Run/microsoft/Phi-3.5-mini-instruct" -H "Content-Type: application/json" \\
    -H "x-api-key: \${YOUR_API_KEY}" -H "x-nonce: \${NONCE}" -H "x-signature: \${SIGNATURE}" \\
    -d '{"prompt": "Hello, who are you?"}'`;
}
