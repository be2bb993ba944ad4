export {
  connectBestEffort,
  connectBlocking,
  connectFailFast,
  connectSubscriber,
  type OnError,
} from './connect.ts';
export { requireRedis } from './require-redis.ts';
