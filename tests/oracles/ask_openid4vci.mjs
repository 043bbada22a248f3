// @openid4vc/openid4vci as a wallet: it takes an offer of ours over the network, as it would anybody's; and as an issuer, which reads
// what our wallet sent. Cases as JSON on standard input, an answer each on standard output.
import { verify } from 'node:crypto';
import { clientAuthenticationAnonymous, Oauth2AuthorizationServer, Oauth2ResourceServer, setGlobalConfig } from '@openid4vc/oauth2';
import { Openid4vciClient, Openid4vciIssuer } from '@openid4vc/openid4vci';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { answering, bySelf, callbacks, certified, newKey, sha256 } from './callbacks.mjs';

setGlobalConfig({ allowInsecureUrls: true }); // the service under test listens on loopback, without TLS

const holds = (key, data, signature) =>
  verify('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));

/** The credential, read and verified as its holder would: certificate, signature, digests, times, the status list fetched. */
async function read(credential, anchors) {
  const keyOf = (jwt) => certified(JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url')).x5c[0], anchors);
  const instance = new SDJwtVcInstance({
    hasher: sha256,
    verifier: async (data, signature) => holds(keyOf(data), data, signature),
    statusVerifier: async (data, signature) => holds(keyOf(data), data, signature),
  });
  return (await instance.verify(credential)).payload;
}

/** Everything that one wallet does with one offer. copies: of each SD-JWT VC. told: what it tells the issuer afterwards. */
async function taking({ offer, txCode, configuration, copies, anchors, told = [] }) {
  const device = await newKey();
  const held = await Promise.all(Array.from({ length: copies }, newKey));
  const client = new Openid4vciClient({
    callbacks: { ...callbacks({ keys: [device, ...held], anchors }), clientAuthentication: clientAuthenticationAnonymous() },
  });
  const credentialOffer = await client.resolveCredentialOffer(offer);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const { accessTokenResponse, dpop } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer,
    issuerMetadata,
    txCode,
    dpop: { signer: bySelf(device) },
  });
  const accessToken = accessTokenResponse.access_token;
  const nonce = await client.requestNonce({ issuerMetadata });
  const proofs = held.map((key) =>
    client.createCredentialRequestJwtProof({
      issuerMetadata,
      credentialConfigurationId: configuration,
      signer: bySelf(key),
      nonce: nonce.c_nonce,
    }),
  );
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata,
    credentialConfigurationId: configuration,
    accessToken,
    dpop,
    proofs: { jwt: (await Promise.all(proofs)).map((one) => one.jwt) },
  });
  const credentials = credentialResponse.credentials.map((one) => one.credential);
  const said = [];
  for (const one of told) {
    const sent = await client
      .sendNotification({ issuerMetadata, accessToken, dpop, notification: { notificationId: credentialResponse.notification_id, ...one } })
      .catch((error) => error);
    said.push(sent.response?.status ?? sent.response?.response?.status ?? sent.message);
  }
  return {
    version: issuerMetadata.originalDraftVersion,
    known: Object.keys(issuerMetadata.knownCredentialConfigurations),
    grants: issuerMetadata.authorizationServers[0].grant_types_supported,
    token: Object.keys(accessTokenResponse),
    held: credentials.map((credential, index) => ({ credential, key: held[index] })),
    claims: await Promise.all(credentials.map((one) => read(one, anchors))),
    said,
  };
}

/** What an issuer and its authorisation server would say of our wallet's requests. documents: by address, as our service has them. */
async function requests({ issuer, documents, code, txCode, nonce, token, resources }) {
  let thumbprint;
  const told = (url) => documents[url] ?? { active: true, token_type: 'DPoP', cnf: { jkt: thumbprint } };
  const known = {
    ...callbacks({}),
    fetch: async (url) => Response.json(told(String(url))),
    clientAuthentication: clientAuthenticationAnonymous(),
  };
  const issuerMetadata = await new Openid4vciClient({ callbacks: known }).resolveIssuerMetadata(issuer);
  const [authorizationServerMetadata] = issuerMetadata.authorizationServers;
  const asRequest = ({ url, headers }) => ({ method: 'POST', url, headers: new Headers(headers) });

  const server = new Oauth2AuthorizationServer({ callbacks: known });
  const accessTokenRequest = Object.fromEntries(new URLSearchParams(token.body));
  const parsed = server.parseAccessTokenRequest({ accessTokenRequest, request: asRequest(token) });
  const { dpop } = await server.verifyPreAuthorizedCodeAccessTokenRequest({
    ...parsed,
    request: asRequest(token),
    dpop: { ...parsed.dpop, required: true, allowedSigningAlgs: authorizationServerMetadata.dpop_signing_alg_values_supported },
    expectedPreAuthorizedCode: code,
    expectedTxCode: txCode,
    authorizationServerMetadata,
  });
  thumbprint = dpop.jwkThumbprint;

  const introspected = { ...authorizationServerMetadata, introspection_endpoint: `${issuer}/introspect` };
  for (const resource of resources) {
    await new Oauth2ResourceServer({ callbacks: known }).verifyResourceRequest({
      request: asRequest(resource),
      resourceServer: issuer,
      authorizationServers: [introspected],
    });
  }
  const reader = new Openid4vciIssuer({ callbacks: known });
  const asked = reader.parseCredentialRequest({ credentialRequest: JSON.parse(resources[0].body), issuerMetadata });
  const proven = asked.proofs.jwt.map((jwt) => reader.verifyCredentialRequestJwtProof({ jwt, expectedNonce: nonce, issuerMetadata }));
  return { configuration: asked.credentialConfigurationId, keys: (await Promise.all(proven)).map((one) => one.signer.publicJwk) };
}

await answering({ offer: taking, requests });
