/** The shell commands of the API sample, for one server, one model and one input. */

export type Sample = { title: string; code: string };

/** The samples show only a hint of the key, because the server stores only its hash. */
export function curlSample(given: {
  apiUrl: string;
  owner: string;
  name: string;
  keyHint: string | null;
  isSigned: boolean;
  parameters: Readonly<Record<string, string>>;
}): readonly Sample[] {
  const key = given.keyHint === null ? 'YOUR_API_KEY' : `••••••••${given.keyHint}`;
  const auth = given.isSigned ? SIGNED_HEADERS : KEY_HEADER;
  return [
    {
      title: 'Prepare Authentication Signature',
      code: given.isSigned ? signatureLines(key) : `export YOUR_API_KEY="${key}"`,
    },
    {
      title: 'Run Command - Make HTTP Post Request',
      code: [
        `curl -X POST "${given.apiUrl}/Run/${given.owner}/${given.name}" \\`,
        ...auth,
        `  -d ${shellQuoted(JSON.stringify(given.parameters, null, 2))}`,
      ].join('\n'),
    },
    {
      title: 'Run Command - Response',
      code: json({ errors: [], taskid: '2221', socketaccesstoken: SAMPLE_TOKEN, result: true }),
    },
    {
      title: 'Get Task Detail - Make HTTP Post Request',
      code: [
        `curl -X POST "${given.apiUrl}/Task/Detail" \\`,
        ...auth,
        `  -d ${shellQuoted(json({ tasktoken: SAMPLE_TOKEN }))}`,
      ].join('\n'),
    },
  ];
}

/** The shortest form of the page's browser script: one socket, one task. */
export function socketSample(socketUrl: string): Sample {
  return {
    title: 'Get Task Process Information and Results with Socket Connection',
    code: `const socket = new WebSocket("${socketUrl}");
socket.onopen = () => {
  // The socketaccesstoken from Run authorises this socket; no key is needed.
  socket.send(JSON.stringify({ type: "task_info", tasktoken: "${SAMPLE_TOKEN}" }));
};
socket.onmessage = (event) => {
  const frame = JSON.parse(event.data);
  if (frame.type === "task_output") console.log(frame.message.raw);
  if (frame.type === "task_postprocess_end") console.log("Outputs:", frame.message);
};`,
  };
}

const SAMPLE_TOKEN = 'eDcCm5yyUfIvMFspTwww49OUfgXkQt';

const KEY_HEADER = [
  '  -H "Content-Type: application/json" \\',
  '  -H "x-api-key: ${YOUR_API_KEY}" \\',
];
const SIGNED_HEADERS = [
  ...KEY_HEADER,
  '  -H "x-nonce: ${NONCE}" \\',
  '  -H "x-signature: ${SIGNATURE}" \\',
];

function signatureLines(key: string): string {
  return `export YOUR_API_KEY="${key}"
export YOUR_API_SECRET="XXXXXXXXX"

# unix time or any random integer value
export NONCE=$(date +%s)

# hmac-SHA256 (YOUR_API_SECRET+Nonce) with YOUR_API_KEY
export SIGNATURE="$(echo -n "\${YOUR_API_SECRET}\${NONCE}" | openssl dgst -sha256 -hmac "\${YOUR_API_KEY}")"`;
}

/** Any text as one word of a shell command. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const json = (value: object) => JSON.stringify(value, null, 2);
