#include "emit.h"

static void
encode(struct out *o, const struct emit *e, const struct incident *r, enum line_format format)
{
	switch (format) {
	case LINE_JSON: encode_eve(o, &e->env, r); break;
	case LINE_CEF: encode_cef(o, &e->env, r); break;
	case LINE_OCSF: encode_ocsf(o, &e->env, r); break;
	case LINE_SYSLOG: encode_rfc5424(o, &e->env, r, MESSAGE_EVE); break;
	case LINE_SYSLOG_SHORT: encode_rfc5424(o, &e->env, r, MESSAGE_TITLE_BRIEF); break;
	case LINE_SYSLOG_CEF: encode_rfc5424(o, &e->env, r, MESSAGE_CEF); break;
	case LINE_SYSLOG_CEF_SHORT: encode_rfc5424(o, &e->env, r, MESSAGE_CEF_BRIEF); break;
	case LINE_SYSLOG_OCSF: encode_rfc5424(o, &e->env, r, MESSAGE_OCSF); break;
	case LINE_FORMATS: break;
	}
}

static void
line(struct emit *e, const struct incident *r, enum line_format format)
{
	char text[SYSLOG_LONG_MAX];
	struct out o = out_init(text, sizeof(text));
	/* a muted one stands in the JSON lines once, and calls nobody */
	if (!sinks_want(e->sinks, format) || (r->muted && format != LINE_JSON))
		return;
	encode(&o, e, r, format);
	sinks_line(e->sinks, format, out_bytes(&o));
}

void
emit_incident(void *arg, const struct incident *r)
{
	struct emit *e = arg;
	e->records++;
	if (e->findings)
		findings_note(e->findings, r);
	if (e->sinks == NULL) /* something else than incidents was asked for */
		return;
	e->env.evidence = evidence_write(e->evidence, r);
	for (int f = 0; f < LINE_FORMATS; f++)
		line(e, r, (enum line_format)f);
	e->env.evidence = (struct encode_evidence){ 0 };
	if (e->flush)
		sinks_work(e->sinks);
}
