type StandIn = { name: string; ability: string };

/** Models that Runfleet builds itself, so that it can answer before real weights are installed. */
const STAND_INS: Readonly<Record<string, StandIn>> = {
  demo: {
    name: 'the small demo model',
    ability: 'It can talk a little about Runfleet, do sums and make small talk',
  },
  tiny: { name: 'a tiny test model', ability: 'It writes nonsense' },
  echo: { name: 'the echo engine', ability: 'It repeats the prompt' },
};

/** What these weights are, if they stand in for the model that was asked for; else null. */
export function describeStandIn(weights: string): StandIn | null {
  return (Object.hasOwn(STAND_INS, weights) && STAND_INS[weights]) || null;
}
