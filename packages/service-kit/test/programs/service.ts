import { Router } from 'express';
import { createApp, createLogger, Problem, runService } from '../../src/index.ts';

const logger = createLogger('example', 'info');
const routes = Router();

routes.get('/slow', (_request, response) => {
  logger.info('slow began');
  process.once('SIGUSR2', () => response.json({ slow: true }));
});
routes.get('/broken', () => {
  throw new Error('the secret cause');
});
routes.get('/teapot', () => {
  throw new Problem(409, 'short and stout', {
    errors: [{ field: 'tea', message: 'is out' }],
    headers: { 'x-tea': '0' },
  });
});
routes.post('/echo', (request, response) => {
  response.json(request.body);
});

const resource = {
  name: 'thing',
  check: async () => {
    logger.info('thing checked');
    if (process.env.THING === 'down') throw new Error('down');
  },
  close: async () => logger.info('thing closed'),
};

runService({
  logger,
  port: Number(process.env.PORT ?? 0),
  open: async () => {
    if (process.env.THING === 'missing') throw new Error('the thing cannot be reached');
    return { app: createApp({ logger, resources: [resource], routes: { '/': routes } }), resources: [resource] };
  },
});
