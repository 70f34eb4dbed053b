/* The shapes of JSON events: which one a document has, and where in it everything is. */
#ifndef CROSSTAP_SHAPES_H
#define CROSSTAP_SHAPES_H

#include "decode.h"

#include <jansson.h>

/* Hands over the events of one JSON document; what is wrong goes to the sink. */
void shapes_decode(struct sink *, const json_t *doc);

#endif
