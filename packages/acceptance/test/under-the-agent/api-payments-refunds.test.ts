import '../support/under-the-agent.ts';
import '../api-payments-refunds.test.ts';
