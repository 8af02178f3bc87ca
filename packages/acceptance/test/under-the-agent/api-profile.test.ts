import '../support/under-the-agent.ts';
import '../api-profile.test.ts';
