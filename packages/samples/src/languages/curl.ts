import { program } from '../program.ts';
import { CONTROLS, quote, type Quoting, utf16Escapes } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

/** The text of a JSON document, in the quotes of a shell. */
export const JSON_TEXT: Quoting = {
  quote: '"',
  special: '',
  short: CONTROLS,
  codePoint: utf16Escapes,
};

export function writeCurl(call: SampleCall): string {
  const entries = Object.entries(call.parameters).map(
    ([name, value]) => `    ${quote(name, JSON_TEXT)}: ${quote(value, JSON_TEXT)}`,
  );
  const body = entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n  }`;
  return program(call)`
#!/usr/bin/env bash
signed|# Runs a task, waits for its end and prints the answer. Needs bash, curl and openssl.
signed|# Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|# Runs a task, waits for its end and prints the answer. Needs bash and curl.
keyed|# Set YOUR_API_KEY in the environment.

API_URL=${shellQuoted(call.apiUrl)}

# Posts a JSON body and prints the answer.
call() {
signed|  local nonce signature answer
signed|  nonce=$(date +%s)$((RANDOM % 900 + 100))
signed|  signature=$(printf %s "$YOUR_API_SECRET$nonce" |
signed|    openssl dgst -sha256 -hmac "$YOUR_API_KEY" -r | cut -d ' ' -f 1)
keyed|  local answer
  answer=$(curl --silent --show-error --max-time ${CALL_TIMEOUT_SECONDS} -X POST "$API_URL/$1" \
    -H "Content-Type: application/json" \
    -H "x-api-key: $YOUR_API_KEY" \
signed|    -H "x-nonce: $nonce" \
signed|    -H "x-signature: $signature" \
    -d "$2")
  # A refused call can have the HTTP status 200, too.
  if [[ $answer != *'"result":true'* ]]; then
    printf '%s was refused: %s\n' "$1" "$answer" >&2
    return 1
  fi
  printf %s "$answer"
}

# Prints the first text with this name in a JSON answer.
field() {
  local pattern="\"$1\":\"(([^\"\\\\]|\\\\.)*)\"" escaped='\"' plain='"'
  [[ $2 =~ $pattern ]] && printf %b "\${BASH_REMATCH[1]//"$escaped"/$plain}"
}

# A subshell, so that a failure does not end a terminal into which this is pasted.
main() (
  set -euo pipefail
signed|  : "\${YOUR_API_KEY:?is not set}" "\${YOUR_API_SECRET:?is not set}"
keyed|  : "\${YOUR_API_KEY:?is not set}"
  run=$(call ${shellQuoted(`Run/${call.model}`)} ${shellQuoted(body)})
  token=$(field socketaccesstoken "$run")
  echo "Task $(field taskid "$run") is queued." >&2

  deadline=$((SECONDS + ${call.waitSeconds}))
  pause=${FIRST_PAUSE_MS / 1_000}
  while true; do
    task=$(call Task/Detail "{\"tasktoken\": \"$token\"}")
    status=$(field status "$task")
    case $status in ${ENDED_STATUSES.join(' | ')}) break ;; esac
    if ((SECONDS >= deadline)); then
      call Task/Kill "{\"tasktoken\": \"$token\"}" >/dev/null
      echo "The task did not end in time and was killed." >&2
      exit 1
    fi
    sleep $pause
    pause=${PAUSE_MS / 1_000}
  done

  if [[ $(field pexit "$task") != 0 ]]; then
    echo "The task ended as $status: $(field debugerror "$task")" >&2
    exit 1
  fi
  field debugoutput "$task"
  echo
)

main
`;
}

/** Any text as one word of a shell command. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
