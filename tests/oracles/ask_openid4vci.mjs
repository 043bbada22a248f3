// @openid4vc/openid4vci as a wallet: it takes an offer of ours over the network, as it would anybody's. Cases as JSON on standard
// input, an answer each on standard output.
import { verify } from 'node:crypto';
import { clientAuthenticationAnonymous, setGlobalConfig } from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';
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

await answering({ offer: taking });
