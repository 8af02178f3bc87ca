import * as Sentry from '@sentry/node';
import { serve } from '../../programs/own-sentry.cjs';

// As programs/own-sentry.cjs, with Sentry imported.
serve(Sentry);
