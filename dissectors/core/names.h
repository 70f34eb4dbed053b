/* Number to name, for message types and flags.  Tables end with { 0, NULL } and need no order. */
#ifndef CROSSTAP_NAMES_H
#define CROSSTAP_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct name { uint32_t value; const char *text; };

/* NULL where the table has no such value. */
static inline const char *
name_of(const struct name *table, uint32_t value)
{
	for (; table && table->text; table++)
		if (table->value == value)
			return table->text;
	return NULL;
}

#endif
