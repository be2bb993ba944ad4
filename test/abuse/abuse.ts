/** The stack under abuse, and the abuser's credentials. */
export type Target = {
  /** Includes `/v1`. */
  apiUrl: string;
  socketUrl: string;
  redisUrl: string;
  /** The key of the abusing tenant's project. */
  apiKey: string;
  apiSecret: string;
  /** An account of another tenant; the abuser does not have its password. */
  strangerEmail: string;
  isShort: boolean;
};

/** The result of an abuse, as the abuser sees it. */
export type Outcome = {
  /** The number of each answer. */
  answers: Record<string, number>;
  /** How the abuse's own bound was broken; null if it held. */
  broken: string | null;
};

/** One way in which a tenant or an anonymous client can hurt others, bounded in number and time. */
export type Abuse = {
  name: string;
  /** What it sends. */
  sends: string;
  /** What must hold in addition to the common laws. */
  bound: string;
  inflict(target: Target): Promise<Outcome>;
};
