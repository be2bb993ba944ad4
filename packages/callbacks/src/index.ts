export { type AttemptContext, type AttemptEnd, CALLBACK_LIMITS } from './attempt-delivery.ts';
export { CallbackSender } from './callback-sender.ts';
export {
  addEndpoint,
  deleteEndpoint,
  type Endpoint,
  ENDPOINT_EVENTS,
  type EndpointEvent,
  listEndpoints,
} from './change-endpoints.ts';
export { OVERLAP_SECONDS_MAX, rotateCallbackSecret } from './callback-secret.ts';
export { type ClaimedDelivery } from './claim-delivery.ts';
export { failOverdueDeliveries, purgeDeliveries, readDeliveryLoad } from './keep-deliveries.ts';
export { listLostJobs, listTaskJobs } from './list-lost-jobs.ts';
export { redeliver, sendTest } from './order-delivery.ts';
export {
  type Delivery,
  DELIVERY_STATES,
  type DeliveryState,
  listDeliveries,
  type LoggedAttempt,
  readDelivery,
} from './read-deliveries.ts';
