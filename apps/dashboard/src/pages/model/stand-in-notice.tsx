import { useSession } from '../../session/use-session.ts';

/** Models that Runfleet builds itself, so that there is an answer before the real weights are there. */
const STAND_INS: Readonly<Record<string, string>> = {
  demo: 'the small demo model, not the model described here. It knows a little about Runfleet, sums and small talk',
  tiny: 'a tiny test model, not the model described here. It babbles',
  echo: 'the echo engine, not the model described here. It repeats the prompt',
};

/** Says plainly when what answers is not the model of the page. */
export function StandInNotice({ slug }: { slug: string }) {
  const { visitor } = useSession();
  const weights = visitor?.served[slug] ?? [];
  const standIn = weights.find((name) => Object.hasOwn(STAND_INS, name));
  if (standIn === undefined) return null;
  return (
    <p className="notice stand-in" role="note">
      Answers come from {STAND_INS[standIn]}. <code>npm run runfleet -- model add</code> brings real
      weights.
    </p>
  );
}
