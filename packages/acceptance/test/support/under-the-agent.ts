// Imported before a test file, it makes the services of that file run under the agent.
import { useAgent } from './service.ts';

useAgent();
