/** The minimum that an HTTP server must do for a Run. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono();
app.post('/', async (c) => {
  await c.req.json();
  return c.json({ errors: [], taskid: '1', socketaccesstoken: 'x'.repeat(30), result: true });
});
serve({ fetch: app.fetch, port: Number(process.env['API_PORT']), hostname: '127.0.0.1' }, () => {
  process.stdout.write('ready\n');
});
