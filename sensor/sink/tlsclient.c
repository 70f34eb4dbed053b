#include "tlsclient.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "log.h"

enum { REASON = 256 };

static SSL_CTX *
wrong(SSL_CTX *ctx, struct bytes path, const char *what)
{
	char why[REASON] = "out of memory";
	unsigned long code = ERR_peek_last_error();
	if (code)
		ERR_error_string_n(code, why, sizeof(why));
	ERR_clear_error();
	log_say("%s: cannot be used as %s of a syslog output: %s", path.n ? (const char *)path.p : "TLS",
		what, why);
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *
tlsclient_open(const struct conf_output *o)
{
	const char *certificate = (const char *)o->certificate.p, *key = (const char *)o->key.p;
	ERR_clear_error();
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return wrong(ctx, o->ca, "ca");
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (o->ca.n ? SSL_CTX_load_verify_locations(ctx, (const char *)o->ca.p, NULL) != 1
		    : SSL_CTX_set_default_verify_paths(ctx) != 1)
		return wrong(ctx, o->ca, "ca");
	if (o->certificate.n == 0)
		return ctx;
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return wrong(ctx, o->certificate, "certificate");
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return wrong(ctx, o->key, "key of the certificate");
	return ctx;
}

SSL *
tlsclient_new(SSL_CTX *ctx, int fd, const char *name)
{
	SSL *ssl = SSL_new(ctx);
	if (ssl == NULL)
		return NULL;
	/* An address stands in the certificate as such, and is no SNI. */
	bool address = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	bool good = SSL_set_fd(ssl, fd) == 1 &&
		    (address || (SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1));
	if (good) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	return NULL;
}

const char *
tlsclient_why(SSL *ssl, char *to, size_t cap)
{
	long verdict = SSL_get_verify_result(ssl);
	unsigned long code = ERR_peek_last_error();
	if (verdict != X509_V_OK)
		snprintf(to, cap, "its certificate: %s", X509_verify_cert_error_string(verdict));
	else if (code)
		ERR_error_string_n(code, to, cap);
	else
		snprintf(to, cap, "%s", errno ? strerror(errno) : "the receiver closed the connection");
	ERR_clear_error();
	return to;
}
