// An identity provider for the tests: oidc-provider with its own sign-in page, where any name and
// password will do. Subject = the name typed; e-mail = the name up to a dot, so that "alice" and
// "alice.other" share one.
//
// Arguments: port (0 = any), redirect URI, client id, client secret.
// Prints "listening PORT". Reads commands, one a line, and answers each with a line of its own:
//   rotate        a new signing key; the old one is forgotten
// Ends when its standard input does.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { Provider } from 'oidc-provider';

const [port, redirectUri, clientId, clientSecret] = process.argv.slice(2);

function newSigningKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
}

function newProvider(issuer) {
  return new Provider(issuer, {
    jwks: { keys: [newSigningKey()] },
    cookies: { keys: ['for the tests'] },
    clients: [{
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    // The e-mail address comes along unasked, in the ID token too: nobody may be fooled by it.
    claims: { openid: ['sub', 'email', 'email_verified'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, subject) => ({
      accountId: subject,
      claims: () => ({
        sub: subject,
        email: `${subject.split('.')[0]}@example.test`,
        email_verified: true,
      }),
    }),
  });
}

let answer;
const server = createServer((request, response) => answer(request, response));
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  answer = newProvider(issuer).callback();
  console.log(`listening ${server.address().port}`);

  const commands = createInterface({ input: process.stdin });
  commands.on('line', (command) => {
    if (command === 'rotate') {
      answer = newProvider(issuer).callback();
    }
    console.log(`done ${command}`);
  });
  commands.on('close', () => process.exit());
});
