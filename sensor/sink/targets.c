#include "targets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"

static const char *const transports[] = {
	[TRANSPORT_UDP] = "udp", [TRANSPORT_TCP] = "tcp", [TRANSPORT_TLS] = "tls"
};
enum { PORT_SYSLOG = 514, PORT_TLS = 6514 };

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT; an IPv6 address alone has more than one colon. */
static bool
split(struct targets *t, size_t i, const char *text)
{
	const char *end = text + strlen(text), *port = NULL;
	if (*text == '[') {
		const char *close = strchr(text, ']');
		if (close == NULL || (close[1] != 0 && close[1] != ':'))
			return false;
		port = close[1] == ':' ? close + 2 : NULL;
		end = close;
		text++;
	} else {
		const char *colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':') == NULL) {
			port = colon + 1;
			end = colon;
		}
	}
	size_t n = (size_t)(end - text);
	if (n == 0 || n >= sizeof(t->host[i]))
		return false;
	memcpy(t->host[i], text, n);
	t->host[i][n] = 0;
	if (port == NULL)
		return true;
	size_t digits = strspn(port, "0123456789");
	if (digits == 0 || digits > 5 || port[digits] != 0)
		return false;
	snprintf(t->port[i], sizeof(t->port[i]), "%s", port);
	return true;
}

static bool
resolve(struct targets *t, size_t i, const struct conf_output *o)
{
	struct addrinfo want = { .ai_socktype = o->transport == TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM,
				 .ai_flags = AI_NUMERICSERV };
	int error = getaddrinfo(t->host[i], t->port[i], &want, &t->list[i]);
	if (error) {
		log_say("syslog %s:%s: %s", t->host[i], t->port[i], gai_strerror(error));
		return false;
	}
	for (const struct addrinfo *a = t->list[i]; a && t->n < TARGETS_MAX; a = a->ai_next) {
		t->at[t->n].a = a;
		t->at[t->n++].host = i;
	}
	return true;
}

bool
targets_open(struct targets *t, const struct conf_output *o)
{
	uint32_t usual = o->port ? o->port : o->transport == TRANSPORT_TLS ? PORT_TLS : PORT_SYSLOG;
	*t = (struct targets){ .nhost = o->nhosts ? o->nhosts : 1 };
	if (t->nhost > RECEIVERS_MAX) {
		log_say("output: found %zu hosts of one syslog output, expected at most %d", t->nhost,
			RECEIVERS_MAX);
		return false;
	}
	for (size_t i = 0; i < t->nhost; i++) {
		struct bytes text = o->nhosts ? o->hosts[i] : o->host;
		snprintf(t->port[i], sizeof(t->port[i]), "%" PRIu32, usual);
		if (o->nhosts == 0 && text.n < sizeof(t->host[i])) {
			memcpy(t->host[i], text.p, text.n);
			t->host[i][text.n] = 0;
		} else if (!split(t, i, (const char *)text.p)) {
			log_say("output: found the host \"%s\", expected HOST, HOST:PORT or [ADDRESS]:PORT",
				(const char *)text.p);
			return false;
		}
		if (!resolve(t, i, o))
			return false;
	}
	snprintf(t->name, sizeof(t->name), "syslog %s:%s/%s", t->host[0], t->port[0],
		 transports[o->transport]);
	return true;
}

void
targets_close(struct targets *t)
{
	for (size_t i = 0; i < RECEIVERS_MAX; i++)
		if (t->list[i])
			freeaddrinfo(t->list[i]);
}
