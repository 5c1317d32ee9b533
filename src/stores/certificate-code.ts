/** Whether a code of Node's own says that a server's certificate is not to be trusted, or that what was given to trust it by is no certificate. */
export function isCertificateCode(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code);
}
