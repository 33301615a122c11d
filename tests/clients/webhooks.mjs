// Standard Webhooks as npm publishes it, against what the server sends:
// webhooks.mjs <port> <key.pem> <certificate.pem> <how many> <secret>...
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const [port, key, certificate, count, ...secrets] = process.argv.slice(2);
const seen = new Set();

function check(headers, body) {
  for (const secret of secrets) {
    const told = new Webhook(secret).verify(body, headers);
    if (typeof told.data.user_id !== 'string' || Number.isNaN(Date.parse(told.at)))
      throw new Error(`not in its form: ${body}`);
  }
  for (const [what, change] of [['body', () => [headers, body + ' ']],
    ['id', () => [{ ...headers, 'webhook-id': 'another' }, body]]]) {
    let passed = true;
    try {
      new Webhook(secrets[0]).verify(change()[1], change()[0]);
    } catch {
      passed = false;
    }
    if (passed) throw new Error(`another ${what} passes`);
  }
}

const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    try {
      check(request.headers, body);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    response.writeHead(204).end();
    seen.add(request.headers['webhook-id']);
    if (seen.size === Number(count)) {
      console.log('done');
      server.close();
      server.closeAllConnections();
    }
  });
});
server.listen(Number(port), '127.0.0.1');
