// A receiver as someone else would write it: Node's HTTP server and the npm package standardwebhooks.
// It turns the first attempt at some messages away, as receivers do now and then.
//
// Arguments: the endpoint's secret, and the file that gets one line of JSON for each message, before the
// sender gets an answer. Prints "listening PORT". Ends when its standard input does.

import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Webhook } from 'standardwebhooks';

const [secret, file] = process.argv.slice(2);
const webhook = new Webhook(secret);
const seen = new Set();

function judge(headers, body) {
  try {
    const { type } = webhook.verify(body, headers);
    return { valid: true, type };
  } catch (error) {
    return { valid: false, type: String(error) };
  }
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const id = request.headers['webhook-id'];
  const { valid, type } = judge(request.headers, Buffer.concat(chunks).toString());
  const turnedAway = valid && !seen.has(id) && id.endsWith('7');
  seen.add(id);
  const status = turnedAway ? 503 : valid ? 204 : 400;
  appendFileSync(file, `${JSON.stringify({ id, type, valid, status })}\n`);
  response.writeHead(status).end();
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
