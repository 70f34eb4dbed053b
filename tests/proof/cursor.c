/* The unit that the prover reads: every function of the cursor, with the contracts of its header. */
#include "cursor.h"
