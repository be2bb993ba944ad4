/** Where an abuse goes, and as whom. */
export type Target = {
  /** With `/v1`. */
  apiUrl: string;
  socketUrl: string;
  redisUrl: string;
  /** The abusing tenant's own project. */
  apiKey: string;
  apiSecret: string;
  /** An account of another tenant, whose password is not known here. */
  strangerEmail: string;
  isShort: boolean;
};

/** What came of an abuse, as those who do it see it. */
export type Outcome = {
  /** How often each answer came. */
  answers: Record<string, number>;
  /** How its own bound was broken; null where it held. */
  broken: string | null;
};

/** One thing that a tenant or a stranger does to hurt others. It is bounded in number and in time. */
export type Abuse = {
  name: string;
  /** What it sends. */
  sends: string;
  /** What must hold besides the laws of all abuses. */
  bound: string;
  inflict(target: Target): Promise<Outcome>;
};
