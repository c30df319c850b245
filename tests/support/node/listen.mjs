// Servers that are not WhatsApp's.
import net from 'node:net';

/** A TCP server on loopback that does `onConnection` with each socket: its port, and how to end it. */
export async function listen(onConnection) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    });
  return { port: server.address().port, close };
}
