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
} from './authentication.ts';
export { Cache } from './cache.ts';
export { commonEnvironment, databaseEnvironment, loadConfig, redisEnvironment, url, wholeNumber } from './config.ts';
export { Database, type DatabaseOptions, openDatabase } from './database.ts';
export { createLogger, type Logger } from './logger.ts';
export { type Position, page, pageQuery } from './pagination.ts';
export { type FieldError, Problem } from './problem.ts';
export { openRedis, redisResource } from './redis.ts';
export type { Resource } from './resource.ts';
export { runService, type Service } from './run.ts';
export { callService, correlationHeaders, type ServiceCall } from './service-client.ts';
export { currencyCode, text, validBody, validHeader, validParams, validQuery } from './validation.ts';
