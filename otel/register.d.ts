// Loading it starts it, and is all there is to it: `node -r otel-register`, or `import 'otel-register'` before anything else. These are for
// who ends it before the process ends: tests, hot reload, a serverless function that is about to be frozen.

/**
 * Stops the agent: closes its listener, sends the last spans, errors and metrics, within two seconds, and takes out all that it has put into
 * the process. The service runs on as without it. Does nothing where it does not run, as in a worker thread, where it ends with the thread.
 * Never rejects.
 */
export function stop(): Promise<void>;

/**
 * Starts it again, with the settings that it had and from what it had counted. Modules that were loaded meanwhile are seen when they are
 * required once more. Does nothing while it runs; while it is being stopped, it starts as soon as it has.
 */
export function start(): void;
