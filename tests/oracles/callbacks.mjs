// What the libraries of OpenID4VC leave to their caller: hashes, chance, signatures and encryption, here by jose and node.
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as jose from 'jose';

const ALGORITHM = 'ES256';

/** A fresh key on P-256, as a JWK with its private part. */
export async function newKey() {
  const { privateKey } = await jose.generateKeyPair(ALGORITHM, { extractable: true });
  const { kty, crv, x, y, d } = await jose.exportJWK(privateKey);
  return { kty, crv, x, y, d };
}

export const publicHalf = ({ kty, crv, x, y }) => ({ kty, crv, x, y });

/** A signer by a bare key (DPoP, proofs of possession). */
export const bySelf = (key) => ({ method: 'jwk', alg: ALGORITHM, publicJwk: publicHalf(key) });

export const sha256 = (data) => createHash('sha256').update(data).digest();

export async function sign(key, header, payload) {
  const bytes = new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return new jose.CompactSign(bytes).setProtectedHeader({ ...header, alg: ALGORITHM }).sign(await jose.importJWK(key, ALGORITHM));
}

/** The key of the leaf (base64) if one of the anchors (base64) signed it. */
export function certified(leaf, anchors) {
  const certificate = new X509Certificate(Buffer.from(leaf, 'base64'));
  const roots = anchors.map((one) => new X509Certificate(Buffer.from(one, 'base64')));
  if (!roots.some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey))) throw new Error('no anchor signed it');
  return certificate.publicKey;
}

/** keys: private JWKs. anchors: roots (base64) under which a signer with a certificate must stand. */
export function callbacks({ keys = [], anchors = [] }) {
  const owned = (wanted) => keys.find((one) => one.x === wanted.x && one.y === wanted.y);
  return {
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: (length) => randomBytes(length),
    async signJwt(signer, { header, payload }) {
      const key = signer.method === 'x5c' ? keys[0] : owned(signer.publicJwk);
      return { jwt: await sign(key, header, payload), signerJwk: publicHalf(key) };
    },
    async verifyJwt(signer, { compact }) {
      try {
        const bare = signer.method === 'jwk' && (await jose.importJWK(signer.publicJwk, ALGORITHM));
        const key = bare || certified(signer.x5c[0], anchors);
        await jose.compactVerify(compact, key, { algorithms: [ALGORITHM] });
        return { verified: true, signerJwk: await jose.exportJWK(key) };
      } catch {
        return { verified: false };
      }
    },
    async encryptJwe({ publicJwk, alg, enc, apu, apv }, data) {
      const parties = { ...(apu && { apu: jose.base64url.decode(apu) }), ...(apv && { apv: jose.base64url.decode(apv) }) };
      const jwe = await new jose.CompactEncrypt(new TextEncoder().encode(data))
        .setProtectedHeader({ alg, enc, kid: publicJwk.kid })
        .setKeyManagementParameters(parties)
        .encrypt(await jose.importJWK(publicJwk, alg));
      return { jwe, encryptionJwk: publicJwk };
    },
    async decryptJwe(jwe, { jwk } = {}) {
      const key = owned(jwk);
      const { plaintext } = await jose.compactDecrypt(jwe, await jose.importJWK(key, 'ECDH-ES'));
      return { decrypted: true, decryptionJwk: jwk, payload: new TextDecoder().decode(plaintext) };
    },
    getX509CertificateMetadata: () => ({ sanDnsNames: [], sanUriNames: [] }),
  };
}

/** Cases as JSON on standard input, an answer each on standard output. kinds: what answers which. */
export async function answering(kinds) {
  const answers = [];
  for (const one of JSON.parse(readFileSync(0, 'utf8'))) {
    try {
      answers.push({ accepted: true, reason: '', ...(await kinds[one.kind](one)) });
    } catch (error) {
      answers.push({ accepted: false, reason: [error.name, error.message, error.cause].filter(Boolean).join(': ') });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}
