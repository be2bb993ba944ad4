import { program } from '../program.ts';
import { CONTROLS, quote, type Quoting, utf16Escapes } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const KOTLIN_TEXT: Quoting = {
  quote: '"',
  // A template begins with it.
  special: '$',
  short: CONTROLS,
  codePoint: utf16Escapes,
};

export function writeKotlin(call: SampleCall): string {
  const quoted = (text: string) => quote(text, KOTLIN_TEXT);
  const parameters = Object.entries(call.parameters)
    .map(([name, value]) => `\n    ${quoted(name)} to ${quoted(value)},`)
    .join('');
  return program(call)`
// Runs a task, waits for its end and prints the answer. Needs Kotlin 1.9 or newer, Java 11 or newer,
// and in JARS those of the library org.jetbrains.kotlinx:kotlinx-serialization-json.
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration
signed|import javax.crypto.Mac
signed|import javax.crypto.spec.SecretKeySpec
import kotlin.system.exitProcess
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

const val API_URL = ${quoted(call.apiUrl)}
val ENDED = setOf(${ENDED_STATUSES.map(quoted).join(', ')})
val PARAMETERS = mapOf<String, String>(${parameters}
)

val client: HttpClient = HttpClient.newHttpClient()

class Failure(message: String) : Exception(message)

fun call(path: String, body: Map<String, String>): JsonObject {
    val key = setting("YOUR_API_KEY")
    val json = JsonObject(body.mapValues { JsonPrimitive(it.value) }).toString()
signed|    val nonce = System.currentTimeMillis().toString()
    val request = HttpRequest.newBuilder(URI.create("$API_URL/$path"))
        .timeout(Duration.ofSeconds(${CALL_TIMEOUT_SECONDS}))
        .header("Content-Type", "application/json")
        .header("x-api-key", key)
signed|        .header("x-nonce", nonce)
signed|        .header("x-signature", sign(key, setting("YOUR_API_SECRET") + nonce))
        .POST(HttpRequest.BodyPublishers.ofString(json))
        .build()
    val response = client.send(request, BodyHandlers.ofString())
    val status = response.statusCode()
    val answer = try {
        Json.parseToJsonElement(response.body()).jsonObject
    } catch (_: IllegalArgumentException) {
        throw Failure("$path was refused: HTTP $status, the answer is not JSON")
    }
    // A refused call can have the HTTP status 200, too.
    if (!answer.getValue("result").jsonPrimitive.boolean) {
        val reason = answer.getValue("errors").jsonArray.first().jsonObject.text("message")
        throw Failure("$path was refused: HTTP $status, $reason")
    }
    return answer
}

fun JsonObject.text(name: String): String = getValue(name).jsonPrimitive.content

signed|fun sign(key: String, message: String): String {
signed|    val mac = Mac.getInstance("HmacSHA256")
signed|    mac.init(SecretKeySpec(key.toByteArray(), "HmacSHA256"))
signed|    return mac.doFinal(message.toByteArray()).joinToString("") { "%02x".format(it) }
signed|}
signed|
fun setting(name: String): String =
    System.getenv(name)?.ifEmpty { null } ?: throw Failure("$name is not set")

fun waitForEnd(token: String): JsonObject {
    val reference = mapOf("tasktoken" to token)
    val deadline = System.nanoTime() + Duration.ofSeconds(${call.waitSeconds}).toNanos()
    var pauseMs = ${FIRST_PAUSE_MS}L
    while (System.nanoTime() < deadline) {
        val task = call("Task/Detail", reference).getValue("tasklist").jsonArray.first().jsonObject
        if (task.text("status") in ENDED) return task
        Thread.sleep(pauseMs)
        pauseMs = ${PAUSE_MS}L
    }
    call("Task/Kill", reference)
    throw Failure("The task did not end in time and was killed.")
}

fun main() {
    try {
        val run = call(${quoted(`Run/${call.model}`)}, PARAMETERS)
        System.err.println("Task \${run.text("taskid")} is queued.")
        val task = waitForEnd(run.text("socketaccesstoken"))
        if (task.text("pexit") != "0") {
            throw Failure("The task ended as \${task.text("status")}: \${task.text("debugerror")}")
        }
        println(task.text("debugoutput"))
    } catch (error: Failure) {
        System.err.println(error.message)
        exitProcess(1)
    } catch (error: IOException) {
        System.err.println(error)
        exitProcess(1)
    }
}
`;
}
