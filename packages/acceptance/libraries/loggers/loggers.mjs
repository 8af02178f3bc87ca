import bunyan from 'bunyan';
import pino from 'pino';
import winston from 'winston';
import start from '../../programs/loggers.cjs';

start({ bunyan, pino, winston });
