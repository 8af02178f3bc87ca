import '../support/under-the-agent.ts';
import '../api-payments-once.test.ts';
