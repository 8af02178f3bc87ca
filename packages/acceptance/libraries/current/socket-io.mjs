import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import start from '../../programs/socket-io.cjs';

// As programs/socket-io.cjs, with the libraries imported.
start(Server, io);
