#include "trust.h"

#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

static bool
from_there(const struct conf_sender *s, struct addr a)
{
	for (size_t i = 0; i < s->naddress; i++)
		if (addr_in(a, s->address[i]))
			return true;
	return s->naddress == 0;
}

/* The length of a token is no secret. */
static bool
same_token(struct bytes want, struct bytes got)
{
	return want.n == 0 || (got.n == want.n && CRYPTO_memcmp(want.p, got.p, want.n) == 0);
}

/* X509_check_host: DNS names, else the common name; a name that begins with a dot matches any below it. */
static bool
same_certificate(struct bytes want, X509 *certificate)
{
	return want.n == 0 || (certificate && X509_check_host(certificate, (const char *)want.p, want.n,
							      X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1);
}

int
trust_find(const struct conf *c, struct addr a, X509 *certificate, struct bytes token)
{
	for (size_t i = 0; i < c->nsender; i++) {
		const struct conf_sender *s = &c->sender[i];
		bool states = s->naddress || s->certificate.n || s->token.n;
		if (states && from_there(s, a) && same_token(s->token, token) &&
		    same_certificate(s->certificate, certificate))
			return (int)i;
	}
	return TRUST_NONE;
}

int
trust_named(const struct conf *c, struct bytes name)
{
	for (size_t i = 0; i < c->nsender; i++)
		if (bytes_eq(c->sender[i].name, name))
			return (int)i;
	return TRUST_NONE;
}

struct addr
trust_addr(const struct sockaddr_storage *ss)
{
	struct addr a = { 0 };
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)ss;
		a = addr_of(bytes_of(&in->sin_addr, sizeof(in->sin_addr)));
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)ss;
		const uint8_t *p = in->sin6_addr.s6_addr;
		a = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) ? addr_of(bytes_of(p + 12, 4))
							 : addr_of(bytes_of(p, 16));
	}
	return a;
}
