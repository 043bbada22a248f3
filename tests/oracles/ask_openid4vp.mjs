// @openid4vc/openid4vp and dcql, as a wallet that answers our requests over the network, and as a verifier whose requests our wallet
// answers. Cases as JSON on standard input, an answer each on standard output.
import { setGlobalConfig } from '@openid4vc/oauth2';
import { calculateX509HashClientIdPrefixValue, Openid4vpClient, Openid4vpVerifier } from '@openid4vc/openid4vp';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { DcqlPresentationResult, DcqlQuery } from 'dcql';
import { answering, callbacks, newKey, publicHalf, sha256, sign } from './callbacks.mjs';

setGlobalConfig({ allowInsecureUrls: true }); // the service under test listens on loopback, without TLS

const ENCRYPTIONS = ['A128GCM', 'A256GCM'];
const SELF_ISSUED = 'https://self-issued.me/v2';
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a stranger on the way makes of a request. */
const ALTERED = {
  signature: (jwt) => jwt.replace(/.(.)$/, (_, last) => (last === 'A' ? 'BA' : 'AA')),
  place: (jwt) => withClaim(jwt, { response_uri: 'https://thief.example/response' }),
  key: async (jwt) => withClaim(jwt, { client_metadata: { ...decoded(jwt.split('.')[1]).client_metadata, jwks: { keys: [publicHalf(await newKey())] } } }),
  type: (jwt) => [encoded({ ...decoded(jwt.split('.')[0]), typ: 'JWT' }), ...jwt.split('.').slice(1)].join('.'),
  none: (jwt) => [encoded({ ...decoded(jwt.split('.')[0]), alg: 'none' }), jwt.split('.')[1], ''].join('.'),
};

function withClaim(jwt, changed) {
  const [header, payload, signature] = jwt.split('.');
  return [header, encoded({ ...decoded(payload), ...changed }), signature].join('.');
}

/** The same request, signed by somebody else under a certificate of their own. */
const resigned = ({ leaf, key }) => (jwt) =>
  sign(key, { ...decoded(jwt.split('.')[0]), kid: undefined, x5c: [leaf] }, decoded(jwt.split('.')[1]));

const fetching = (alter) => async (...asked) => {
  const fetched = await fetch(...asked);
  return alter ? new Response(await alter(await fetched.text()), fetched) : fetched;
};

/** An instance that reads and presents a held credential with its key; whoever checks it is somewhere else. */
const holder = (key) => new SDJwtVcInstance({ hasher: sha256, hashAlg: 'sha-256', kbSignAlg: 'ES256', kbSigner: signer(key) });
const signer = (key) => async (data) => {
  const [header, payload] = data.split('.');
  return (await sign(key, decoded(header), Buffer.from(payload, 'base64url').toString())).split('.')[2];
};

/** A wallet with one credential. readers: roots of those who may ask. encryption: what it can do. altered: on the way. */
async function wallet({ link, held, readers, encryption = ENCRYPTIONS, altered, stranger }) {
  const alter = stranger ? resigned(stranger) : ALTERED[altered];
  const client = new Openid4vpClient({ callbacks: { ...callbacks({ anchors: readers }), fetch: fetching(alter) } });
  const { params } = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link });
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params });
  const { authorizationRequestPayload } = resolved;

  const query = DcqlQuery.parse(resolved.dcql.query);
  DcqlQuery.validate(query);
  const instance = holder(held.key);
  const { vct, ...claims } = await instance.getClaims(held.credential);
  const matched = DcqlQuery.query(query, [
    { credential_format: 'dc+sd-jwt', vct, claims, cryptographic_holder_binding: true, authority: held.authority },
  ]);
  if (!matched.can_be_satisfied) throw new Error(`not held: ${JSON.stringify(matched.credential_matches)}`);

  const vp_token = {};
  for (const { id, claims: asked = [] } of query.credentials) {
    const frame = Object.fromEntries(asked.map(({ path: [name] }) => [name, true]));
    const payload = { iat: Math.floor(Date.now() / 1000), nonce: authorizationRequestPayload.nonce, aud: resolved.client.effective };
    vp_token[id] = [await instance.present(held.credential, frame, { kb: { payload } })];
  }
  const { jarm } = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload,
    authorizationResponsePayload: { vp_token },
    jarm: {
      encryption: { nonce: 'a nonce of the wallet' },
      serverMetadata: {
        authorization_encryption_alg_values_supported: ['ECDH-ES'],
        authorization_encryption_enc_values_supported: encryption,
      },
    },
  });
  const { response } = await client.submitOpenid4vpAuthorizationResponse({ authorizationRequestPayload, jarm });
  return { status: response.status, said: await response.json(), client: resolved.client.original.clientId, version: resolved.version };
}

/** A wallet's look at the text of a request, at the case's time; nothing is fetched. */
async function request({ text, client_id, readers, now }) {
  const clock = Date;
  globalThis.Date = class extends clock {
    constructor(...when) {
      super(...(when.length > 0 ? when : [now * 1000]));
    }
  };
  try {
    const fetched = { ...callbacks({ anchors: readers }), fetch: async () => new Response(text) };
    const asked = { client_id, request_uri: 'https://hotel.example/request' };
    await new Openid4vpClient({ callbacks: fetched }).resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: asked });
  } finally {
    globalThis.Date = clock;
  }
}

/** A verifier's request: its link, the object behind it, and the key that the answer will be encrypted to. */
async function asking({ leaf, key, requestUri, responseUri, query, metadata = {} }) {
  const encryption = await newKey();
  const client_id = `x509_hash:${await calculateX509HashClientIdPrefixValue({ x509Certificate: leaf, hash: sha256 })}`;
  DcqlQuery.validate(DcqlQuery.parse(query));
  const verifier = new Openid4vpVerifier({ callbacks: callbacks({ keys: [key] }) });
  const { authorizationRequest, authorizationRequestPayload, jar } = await verifier.createOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: {
      client_id,
      response_type: 'vp_token',
      response_mode: 'direct_post.jwt',
      response_uri: responseUri,
      nonce: encoded(await newKey()).slice(-43),
      dcql_query: query,
      client_metadata: {
        jwks: { keys: [{ ...publicHalf(encryption), kid: 'one', use: 'enc', alg: 'ECDH-ES' }] },
        vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
        ...metadata,
      },
    },
    jar: { jwtSigner: { method: 'x5c', x5c: [leaf], alg: 'ES256' }, requestUri, expiresInSeconds: 60, additionalJwtPayload: { aud: SELF_ISSUED } },
  });
  return { link: authorizationRequest, object: jar.authorizationRequestJwt, payload: authorizationRequestPayload, encryption };
}

/** What that verifier reads in an answer: one presentation for each query, with what was asked for and no more. */
async function answer({ payload, encryption, response }) {
  const verifier = new Openid4vpVerifier({ callbacks: callbacks({ keys: [encryption] }) });
  const parsed = await verifier.parseOpenid4vpAuthorizationResponse({
    authorizationResponse: { response },
    authorizationRequestPayload: payload,
    callbacks: callbacks({ keys: [encryption] }),
  });
  const shown = {};
  for (const [id, [text]] of Object.entries(parsed.dcql.presentations)) {
    const { vct, ...claims } = await holder(encryption).getClaims(text);
    shown[id] = [{ credential_format: 'dc+sd-jwt', vct, claims, cryptographic_holder_binding: true }];
  }
  const result = DcqlPresentationResult.fromDcqlPresentation(shown, { dcqlQuery: DcqlQuery.parse(payload.dcql_query) });
  DcqlPresentationResult.validate(result);
  return { presentations: parsed.dcql.presentations, claims: Object.values(shown)[0][0].claims };
}

await answering({ wallet, request, asking, answer });
