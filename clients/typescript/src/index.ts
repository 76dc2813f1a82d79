/** Roomlog's client. */
export { ClientError, ConnectionError, RoomlogError } from './errors.js';
export type { ClientReason, ErrorDetails, ErrorName } from './errors.js';
