/** A server that processes reach through connections; `isAway` cuts all of them. */
export type Server = { readonly name: 'postgres' | 'redis'; isAway: boolean };
