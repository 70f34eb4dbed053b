#include "frame.h"

enum { BLANK_BEFORE_MSGID = 5, BLANK_BEFORE_DATA = 6 };

/* Bytes up to and with the nth blank; all where there are fewer. */
static size_t
after_blank(struct bytes line, int nth)
{
	size_t i = 0;
	while (i < line.n && nth > 0)
		nth -= line.p[i++] == ' ';
	return i;
}

void
frame_number(struct out *o, struct bytes line, uint32_t number)
{
	size_t n = after_blank(line, BLANK_BEFORE_DATA);
	out_view(o, bytes_of(line.p, n));
	out_str(o, "[meta sequenceId=\"");
	out_u64(o, number);
	out_str(o, "\"]");
	out_view(o, bytes_of(line.p + n, line.n - n));
}

/* The enterprise number behind the @ of the structured-data id. */
static struct bytes
enterprise(struct bytes data)
{
	size_t from = 0, to;
	while (from < data.n && data.p[from] != '@' && data.p[from] != ' ')
		from++;
	if (from == data.n || data.p[from] != '@')
		return bytes_str("@32473");
	for (to = from + 1; to < data.n && data.p[to] != ' ' && data.p[to] != ']';)
		to++;
	return bytes_of(data.p + from, to - from);
}

void
frame_gap(struct out *o, struct bytes like, struct spool_loss loss)
{
	static const char priority[] = "<132>"; /* local0, warning */
	size_t head = 0, msgid = after_blank(like, BLANK_BEFORE_MSGID);
	while (head < like.n && like.p[head] != '>')
		head++;
	head += head < like.n;
	size_t data = after_blank(like, BLANK_BEFORE_DATA);
	/* behind the number that frame_number() put there */
	while (data < like.n && like.p[data] != ']')
		data++;
	data += data < like.n;
	out_str(o, priority);
	out_view(o, bytes_of(like.p + head, msgid > head ? msgid - head : 0));
	out_str(o, "gap [gap");
	out_view(o, enterprise(bytes_of(like.p + data, like.n - data)));
	out_str(o, " lost=\"");
	out_u64(o, loss.lines);
	out_str(o, "\" first=\"");
	out_u64(o, loss.first);
	out_str(o, "\" last=\"");
	out_u64(o, loss.last);
	out_str(o, "\"] ");
	out_u64(o, loss.lines);
	out_str(o, loss.lines == 1 ? " line was lost before this one" : " lines were lost before this one");
}
