import { useSession } from '../../session/use-session.ts';

/** Models that Runfleet builds itself, so that it can answer before real weights are installed. */
const STAND_INS: Readonly<Record<string, string>> = {
  demo: 'the small demo model, not the model described here. It can talk a little about Runfleet, do sums and make small talk',
  tiny: 'a tiny test model, not the model described here. It writes nonsense',
  echo: 'the echo engine, not the model described here. It repeats the prompt',
};

/** A notice that the answers come from a stand-in for the model of the page. */
export function StandInNotice({ slug }: { slug: string }) {
  const { visitor } = useSession();
  const weights = visitor?.served[slug] ?? [];
  const standIn = weights.find((name) => Object.hasOwn(STAND_INS, name));
  if (standIn === undefined) return null;
  return (
    <p className="notice stand-in" role="note">
      Answers come from {STAND_INS[standIn]}. Install real weights with{' '}
      <code>npm run runfleet -- model add</code>.
    </p>
  );
}
