import type { Frame } from '../wire/frame.ts';
import { serveSockets } from '../wire/serve-sockets.ts';
import { sql } from './event-log.ts';

await serveSockets(async (token) => {
  const rows = await sql<{ id: string; seq: number; type: string; payload: unknown }[]>`
    select e.task_id as id, e.seq, e.type, e.payload
    from tasks t join events e on e.task_id = t.id
    where t.token = ${token} order by e.seq`;
  return rows.map(({ id, seq, type, payload }): Frame => ({
    type,
    id,
    tasktoken: token,
    message: payload,
    result: true,
    seq,
  }));
});
