import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';

import { type Frame, FRAMES_CHANNEL, LAST_FRAME, splitFrames } from './frame.ts';
import { environment, reportReady } from './peer-environment.ts';

type Subscription = { socket: WebSocket; seq: number; waiting: Frame[] | null };

/** The socket of the Run wire: sends the stored frames of a task from `catchUp`, then the published ones. */
export async function serveSockets(catchUp: (token: string) => Promise<Frame[]>): Promise<void> {
  const subscriptions = new Map<string, Subscription>();

  const send = (token: string, subscription: Subscription, frame: Frame) => {
    if (frame.seq <= subscription.seq) return;
    subscription.seq = frame.seq;
    subscription.socket.send(JSON.stringify(frame));
    if (frame.type === LAST_FRAME) subscriptions.delete(token);
  };

  const follow = async (socket: WebSocket, token: string) => {
    const subscription: Subscription = { socket, seq: 0, waiting: [] };
    subscriptions.set(token, subscription);
    for (const frame of await catchUp(token)) send(token, subscription, frame);
    for (const frame of subscription.waiting ?? []) send(token, subscription, frame);
    subscription.waiting = null;
  };

  const subscriber = new Redis(environment.REDIS_URL);
  subscriber.on('message', (_channel: string, text: string) => {
    for (const frame of splitFrames(text)) {
      const subscription = subscriptions.get(frame.tasktoken);
      if (!subscription) continue;
      if (subscription.waiting) subscription.waiting.push(frame);
      else send(frame.tasktoken, subscription, frame);
    }
  });
  await subscriber.subscribe(FRAMES_CHANNEL);

  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: environment.GATEWAY_PORT,
    perMessageDeflate: false,
  });
  server.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'connected', version: '1.0' }));
    socket.on('error', () => socket.terminate());
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type?: string; tasktoken?: string };
      if (message.type === 'task_info' && message.tasktoken) void follow(socket, message.tasktoken);
    });
  });
  server.on('listening', reportReady);
}
