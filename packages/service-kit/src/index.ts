export { type AppOptions, createApp } from './app.ts';
export {
  authenticate,
  type Caller,
  currentCaller,
  currentUser,
  issueServiceToken,
  issueToken,
  type Role,
  requireRole,
  verifyRequest,
  verifyToken,
} from './authentication.ts';
export { type BusRole, openBus, openChannel } from './bus.ts';
export { Cache } from './cache.ts';
export {
  busEnvironment,
  commonEnvironment,
  databaseEnvironment,
  loadConfig,
  redisEnvironment,
  url,
  wholeNumber,
} from './config.ts';
export { Database, type DatabaseOptions, openDatabase } from './database.ts';
export { createLogger, type Logger } from './logger.ts';
export { type Position, page, pageQuery } from './pagination.ts';
export { declarePaymentQueues, type PaymentEvent, paymentsExchange } from './payment-events.ts';
export { subscribeToPayments, watchPayments } from './payment-subscribers.ts';
export { type FieldError, Problem } from './problem.ts';
export { openRedis, redisResource } from './redis.ts';
export type { Resource } from './resource.ts';
export { runService, type Service, type Sockets } from './run.ts';
export { callService, correlationHeaders, type ServiceCall } from './service-client.ts';
export { currencyCode, text, validBody, validHeader, validParams, validQuery } from './validation.ts';
