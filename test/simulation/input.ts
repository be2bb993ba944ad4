/** The parameters of a simulated Run, which determine what its worker does. */
export type Behaviour =
  | 'answers'
  | 'is rejected'
  | 'fails in the model'
  | 'breaks off'
  | 'kills its worker'
  | 'never ends'
  /** Never ends and cannot be stopped: its worker renews but reports nothing. */
  | 'hangs';

export type RunInput = {
  /** Unique in this life; a repeat under the same key has the same name. */
  run: string;
  behaviour: Behaviour;
  runMs: number;
  chunks: number;
};
