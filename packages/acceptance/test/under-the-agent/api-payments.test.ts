import '../support/under-the-agent.ts';
import '../api-payments.test.ts';
