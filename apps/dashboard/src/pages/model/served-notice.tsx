import { useSession } from '../../session/use-session.ts';
import { describeStandIn } from '../../task/describe-stand-in.ts';

/** A notice that no worker serves the model of the page, or that a stand-in answers for it. */
export function ServedNotice({ slug }: { slug: string }) {
  const { visitor } = useSession();
  const weights = visitor?.served[slug];
  if (weights === undefined) return null;
  if (weights.length === 0) {
    return (
      <p className="notice notice-warn stand-in" role="note">
        No worker serves this model now. A run waits and holds its amount until one does, or until
        you stop it. To serve it with <code>npm start</code>, set <code>WORKER_MODEL={slug}</code>{' '}
        and MODEL_DIR to the folder of its weights.
      </p>
    );
  }
  const standIn = weights.map(describeStandIn).find((found) => found !== null);
  if (standIn === undefined) return null;
  return (
    <p className="notice stand-in" role="note">
      Answers come from {standIn.name}, not the model described here. {standIn.ability}. Install
      real weights with <code>npm run runfleet -- model add</code>.
    </p>
  );
}
