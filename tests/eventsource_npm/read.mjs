// Serves event streams over HTTP and reads them with npm's eventsource: what a page would see of them.
//
// Standard input: JSON, a list of streams, each a list of pieces in hexadecimal that are written one by one.
// Standard output: JSON, for each stream the list of its events: [type, data, lastEventId].
// The first argument is the folder in which the package is installed.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';

const require = createRequire(process.argv[2] + '/');
const { EventSource } = require('eventsource');

const input = [];
for await (const piece of process.stdin) input.push(piece);
const streams = JSON.parse(Buffer.concat(input).toString());

const server = createServer(async (request, response) => {
  response.socket.setNoDelay(true);
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  for (const piece of streams[Number(request.url.slice(1))]) {
    response.write(Buffer.from(piece, 'hex'));
    await setImmediate();
  }
  response.end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

function read(number) {
  const events = [];
  return new Promise((resolve) => {
    const source = new EventSource(`http://127.0.0.1:${server.address().port}/${number}`);
    const dispatch = source.dispatchEvent.bind(source);
    // Whatever its type, which a listener would have to know.
    source.dispatchEvent = (event) => {
      if (typeof event.data === 'string') events.push([event.type, event.data, event.lastEventId]);
      return dispatch(event);
    };
    // The stream is over: EventSource would come back.
    source.onerror = () => {
      source.close();
      resolve(events);
    };
  });
}

const seen = [];
for (let number = 0; number < streams.length; number++) seen.push(await read(number));
process.stdout.write(JSON.stringify(seen));
server.closeAllConnections();
server.close();
