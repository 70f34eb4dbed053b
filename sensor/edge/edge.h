/* The edge: sockets, TLS, framing, followed files.  It hands documents on and looks inside none. */
#ifndef CROSSTAP_EDGE_H
#define CROSSTAP_EDGE_H

#include "conf.h"

enum { EDGE_SENDERS_MAX = 4096, EDGE_LISTEN_MAX = 32, EDGE_FOLLOW_MAX = 64 };

/* Serves feed.listen and feed.follow of the configuration until TERM or INT, or until the engine is gone.  `ipc`: the
 * engine's SEQPACKET descriptor (ipc.h); -1: documents go to standard output, one after the other, each ended by a newline.
 * HUP loads certificates again, USR1 tells counters.  An exit status of opts.h. */
int edge_run(const struct conf *, int ipc);

#endif
