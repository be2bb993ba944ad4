import { serveSockets } from '../wire/serve-sockets.ts';
import { framesOf, sql } from './tasks-table.ts';

await serveSockets(async (token) => {
  const rows = await sql<{ id: string; output: string; outputs: unknown }[]>`
    select id, output, outputs from tasks where token = ${token} and finished_at is not null`;
  return rows.flatMap((row) => framesOf({ ...row, token }));
});
