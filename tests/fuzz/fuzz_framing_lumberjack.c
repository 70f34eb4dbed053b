/* Lumberjack: any split of any bytes gives the same documents and acknowledgements. */
#include "framing.h"
#include "pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	same_in_pieces(FRAMING_LUMBERJACK, true, bytes_of(p, n));
	return 0;
}
