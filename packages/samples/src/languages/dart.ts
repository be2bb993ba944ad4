import { program } from '../program.ts';
import { bracedEscape, CONTROLS, quote, type Quoting } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const DART_TEXT: Quoting = {
  quote: "'",
  // An interpolation begins with it.
  special: '$',
  short: CONTROLS,
  codePoint: bracedEscape,
};

export function writeDart(call: SampleCall): string {
  const quoted = (text: string) => quote(text, DART_TEXT);
  const parameters = Object.entries(call.parameters)
    .map(([name, value]) => `\n  ${quoted(name)}: ${quoted(value)},`)
    .join('');
  return program(call)`
// Runs a task, waits for its end and prints the answer. Needs Dart 3.0 or newer.
signed|// The package crypto signs the calls: dart pub add crypto
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
import 'dart:async';
import 'dart:convert';
import 'dart:io';

signed|import 'package:crypto/crypto.dart';
signed|
const apiUrl = ${quoted(call.apiUrl)};
const ended = {${ENDED_STATUSES.map(quoted).join(', ')}};
const parameters = <String, String>{${parameters}
};

class Failure implements Exception {
  Failure(this.message);

  final String message;

  @override
  String toString() => message;
}

final client = HttpClient();

Future<Map<String, dynamic>> call(String path, Map<String, String> body) =>
    post(path, body).timeout(const Duration(seconds: ${CALL_TIMEOUT_SECONDS}));

Future<Map<String, dynamic>> post(String path, Map<String, String> body) async {
  final key = setting('YOUR_API_KEY');
  final request = await client.postUrl(Uri.parse('$apiUrl/$path'));
  request.headers
    ..contentType = ContentType.json
    ..set('x-api-key', key);
signed|  final nonce = '\${DateTime.now().millisecondsSinceEpoch}';
signed|  final hmac = Hmac(sha256, utf8.encode(key));
signed|  final signature = hmac.convert(utf8.encode(setting('YOUR_API_SECRET') + nonce));
signed|  request.headers
signed|    ..set('x-nonce', nonce)
signed|    ..set('x-signature', '$signature');
  request.add(utf8.encode(jsonEncode(body)));
  final response = await request.close();
  final text = await utf8.decodeStream(response);

  final Map<String, dynamic> answer;
  try {
    answer = jsonDecode(text) as Map<String, dynamic>;
  } on FormatException {
    throw Failure('$path was refused: HTTP \${response.statusCode}, the answer is not JSON');
  }
  // A refused call can have the HTTP status 200, too.
  if (answer['result'] != true) {
    final reason = answer['errors'][0]['message'];
    throw Failure('$path was refused: HTTP \${response.statusCode}, $reason');
  }
  return answer;
}

String setting(String name) {
  final value = Platform.environment[name] ?? '';
  if (value.isEmpty) throw Failure('$name is not set');
  return value;
}

Future<Map<String, dynamic>> waitForEnd(String token) async {
  final reference = {'tasktoken': token};
  final watch = Stopwatch()..start();
  var pause = const Duration(milliseconds: ${FIRST_PAUSE_MS});
  while (watch.elapsed < const Duration(seconds: ${call.waitSeconds})) {
    final answer = await call('Task/Detail', reference);
    final task = answer['tasklist'][0] as Map<String, dynamic>;
    if (ended.contains(task['status'])) return task;
    await Future<void>.delayed(pause);
    pause = const Duration(milliseconds: ${PAUSE_MS});
  }
  await call('Task/Kill', reference);
  throw Failure('The task did not end in time and was killed.');
}

Future<void> main() async {
  try {
    final run = await call(${quoted(`Run/${call.model}`)}, parameters);
    stderr.writeln('Task \${run['taskid']} is queued.');
    final task = await waitForEnd(run['socketaccesstoken'] as String);
    if (task['pexit'] != '0') {
      throw Failure('The task ended as \${task['status']}: \${task['debugerror']}');
    }
    print(task['debugoutput']);
  } on Exception catch (error) {
    stderr.writeln(error);
    exitCode = 1;
  } finally {
    client.close(force: true);
  }
}
`;
}
