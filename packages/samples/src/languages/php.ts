import { program } from '../program.ts';
import { bracedEscape, CONTROLS, quote, type Quoting } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const PHP_TEXT: Quoting = {
  quote: '"',
  // A variable begins with it.
  special: '$',
  short: CONTROLS,
  codePoint: bracedEscape,
};

export function writePhp(call: SampleCall): string {
  const quoted = (text: string) => quote(text, PHP_TEXT);
  const parameters = Object.entries(call.parameters)
    .map(([name, value]) => `\n    ${quoted(name)} => ${quoted(value)},`)
    .join('');
  return program(call)`
<?php
// Runs a task, waits for its end and prints the answer. Needs PHP 8.0 or newer with its curl extension.
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
declare(strict_types=1);

const API_URL = ${quoted(call.apiUrl)};
const ENDED = [${ENDED_STATUSES.map(quoted).join(', ')}];
const PARAMETERS = [${parameters}
];

function call(string $path, array $body): array
{
    $key = setting('YOUR_API_KEY');
signed|    $nonce = (string) (int) (microtime(true) * 1000);
signed|    $signature = hash_hmac('sha256', setting('YOUR_API_SECRET') . $nonce, $key);
    $request = curl_init(API_URL . '/' . $path);
    curl_setopt_array($request, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => json_encode((object) $body, JSON_THROW_ON_ERROR),
        CURLOPT_HTTPHEADER => [
            'Content-Type: application/json',
            "x-api-key: $key",
signed|            "x-nonce: $nonce",
signed|            "x-signature: $signature",
        ],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => ${CALL_TIMEOUT_SECONDS},
    ]);
    $text = curl_exec($request);
    if ($text === false) {
        throw new RuntimeException(curl_error($request));
    }
    // A refused call can have the HTTP status 200, too.
    $answer = json_decode($text, true);
    if (($answer['result'] ?? false) !== true) {
        $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
        $reason = $answer['errors'][0]['message'] ?? 'the answer is not JSON';
        throw new RuntimeException("$path was refused: HTTP $status, $reason");
    }
    return $answer;
}

function setting(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("$name is not set");
}

function waitForEnd(string $token): array
{
    $deadline = time() + ${call.waitSeconds};
    for ($pauseMs = ${FIRST_PAUSE_MS}; time() < $deadline; $pauseMs = ${PAUSE_MS}) {
        $task = call('Task/Detail', ['tasktoken' => $token])['tasklist'][0];
        if (in_array($task['status'], ENDED, true)) {
            return $task;
        }
        usleep($pauseMs * 1000);
    }
    call('Task/Kill', ['tasktoken' => $token]);
    throw new RuntimeException('The task did not end in time and was killed.');
}

try {
    $run = call(${quoted(`Run/${call.model}`)}, PARAMETERS);
    fwrite(STDERR, "Task {$run['taskid']} is queued.\n");
    $task = waitForEnd($run['socketaccesstoken']);
    if ($task['pexit'] !== '0') {
        throw new RuntimeException("The task ended as {$task['status']}: {$task['debugerror']}");
    }
    echo $task['debugoutput'], "\n";
} catch (RuntimeException | JsonException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
`;
}
