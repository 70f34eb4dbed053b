#include "tlsctx.h"

#include <openssl/err.h>

#include "log.h"

enum { REASON = 256 };

static SSL_CTX *
wrong(SSL_CTX *ctx, const char *path, const char *what)
{
	char why[REASON] = "out of memory";
	unsigned long code = ERR_peek_last_error();
	if (code)
		ERR_error_string_n(code, why, sizeof(why));
	ERR_clear_error();
	log_say("%s: cannot be used as %s: %s", path, what, why);
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *
tlsctx_open(const struct conf_listen *l)
{
	const char *certificate = (const char *)l->certificate.p, *key = (const char *)l->key.p;
	const char *ca = (const char *)l->client_ca.p;
	ERR_clear_error();
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return wrong(ctx, certificate, "certificate");
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Every connection proves who it is; nothing is resumed. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return wrong(ctx, certificate, "certificate");
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return wrong(ctx, key, "key of the certificate");
	if (SSL_CTX_check_private_key(ctx) != 1)
		return wrong(ctx, key, "key of the certificate");
	if (l->client_ca.n == 0)
		return ctx;
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);
	if (names == NULL || SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		return wrong(ctx, ca, "client_ca");
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (l->mutual ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	return ctx;
}
