/** What a simulated Run asks for: its parameters say what will happen to whoever runs it. */
export type Behaviour =
  | 'answers'
  | 'is rejected'
  | 'fails in the model'
  | 'breaks off'
  | 'kills its worker'
  | 'never ends'
  /** Nor can it be stopped: its worker renews, and says nothing of it. */
  | 'hangs';

export type RunInput = {
  /** Names the Run among all of this life. A repeat under one key has the same. */
  run: string;
  behaviour: Behaviour;
  runMs: number;
  chunks: number;
};
