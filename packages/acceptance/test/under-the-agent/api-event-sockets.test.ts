import '../support/under-the-agent.ts';
import '../api-event-sockets.test.ts';
