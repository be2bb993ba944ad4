import { findModel, type Model } from '@runfleet/catalog';

const found = findModel('microsoft', 'Phi-3.5-mini-instruct');
if (!found) throw new Error('The catalogue has no Phi-3.5-mini-instruct.');

export const MODEL: Model = found;
export const POOL = MODEL.pool;
