/** What the samples of every language have in common on the wire. */

export type WireSample = { title: string; code: string };

const TASK_TOKEN = 'eDcCm5yyUfIvMFspTwww49OUfgXkQt';

export const RUN_RESPONSE: WireSample = {
  title: 'Run Command - Response',
  code: JSON.stringify(
    { errors: [], taskid: '2221', socketaccesstoken: TASK_TOKEN, result: true },
    null,
    2,
  ),
};

/** The shortest form of the page's browser script: one socket, one task. */
export function socketSample(socketUrl: string): WireSample {
  return {
    title: 'Get Task Process Information and Results with Socket Connection',
    code: `const socket = new WebSocket(${JSON.stringify(socketUrl)});
socket.onopen = () => {
  // The socketaccesstoken from Run authorises this socket; no key is needed.
  socket.send(JSON.stringify({ type: "task_info", tasktoken: "${TASK_TOKEN}" }));
};
socket.onmessage = (event) => {
  const frame = JSON.parse(event.data);
  if (frame.type === "task_output") console.log(frame.message.raw);
  if (frame.type === "task_postprocess_end") console.log("Outputs:", frame.message);
};`,
  };
}
