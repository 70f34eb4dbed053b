/* Built without nDPI: nobody has a second opinion, and nobody is asked. */
#include "second.h"

const char *
second_version(void)
{
	return "none";
}

struct opinion *
second_open(const struct second_limits *limits)
{
	(void)limits;
	return NULL;
}

bool
second_packet(struct opinion *s, const struct obs *frame, struct obs *answer)
{
	(void)s;
	(void)frame;
	(void)answer;
	return false;
}

struct second_counts
second_counts(const struct opinion *s)
{
	(void)s;
	return (struct second_counts){ 0 };
}

void
second_close(struct opinion *s)
{
	(void)s;
}
