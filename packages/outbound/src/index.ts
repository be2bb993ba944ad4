export { openOutbound, type Outbound } from './open-outbound.ts';
export type { OutboundAnswer, OutboundLimits, OutboundRequest } from './outbound-request.ts';
export { OutboundError, type OutboundErrorKind } from './outbound-error.ts';
export { parseOutboundUrl } from './parse-outbound-url.ts';
export { readStart } from './read-start.ts';
