import type { Clients } from '../servers/sim-clients.ts';
import type { World } from '../world.ts';
import type { SimRole } from './sim-role.ts';

const ANSWER_TIMEOUT_MS = 20_000;

/** The caller got no answer; the call may have succeeded. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Calls one process over HTTP. Rejects with `NoAnswer`, or with what the handler throws. */
export function callHttp<R>(
  world: World,
  role: SimRole,
  handle: (clients: Clients) => Promise<R>,
): Promise<R> {
  const { time, random, counts } = world;
  const { process } = role;
  return new Promise<R>((resolve, reject) => {
    const fail = () => reject(new NoAnswer());
    time.after(ANSWER_TIMEOUT_MS, fail);
    time.after(random.exponential(2), () => {
      const { clients } = role;
      if (!process.isUp || !clients) return fail();
      process.deliver(process.life, () => {
        const answer = (arrive: () => void) => {
          time.after(random.exponential(2), () => {
            if (!world.isHealed && random.chance(world.profile.httpAnswersLost)) {
              counts.add('fault: http answer lost');
              return fail();
            }
            arrive();
          });
        };
        handle(clients).then(
          (result) => answer(() => resolve(result)),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  });
}
