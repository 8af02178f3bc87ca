import client from 'prom-client';
import start from '../../programs/prom-client.cjs';

// As programs/prom-client.cjs, with the library imported.
start(client);
