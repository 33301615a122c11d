// A push as npm's own library of the browsers' encryption reads it. Argument: JSON with the keys of the browser and
// what its push service got.
import assert from 'node:assert/strict';
import { createECDH, createPublicKey, verify } from 'node:crypto';
import ece from 'http_ece';

const push = JSON.parse(process.argv[2]);
const browser = createECDH('prime256v1');
browser.setPrivateKey(Buffer.from(push.privateKey, 'base64url'));
const text = ece.decrypt(Buffer.from(push.body, 'base64'), {
    version: push.headers['Content-Encoding'],
    privateKey: browser,
    authSecret: push.auth,
}).toString();
assert.deepEqual(JSON.parse(text), push.expected);

// RFC 8292: a JWT of ES256 and the key that it is signed with, which the browser has subscribed with.
const [, token, key] = push.headers.Authorization.match(/^vapid t=([^,]+), k=(.+)$/);
assert.equal(key, push.vapidKey);
const point = Buffer.from(key, 'base64url');
assert.deepEqual([point.length, point[0]], [65, 4]);
const jwk = {
    kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url'),
};
const [head, claims, signature] = token.split('.');
assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url')));
const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url'));
assert.equal(aud, push.service);
assert.equal(sub, 'mailto:push@example.com');
const left = exp - Date.now() / 1000;
assert.ok(left > 0 && left <= 24 * 3600);

console.log('done');
