/* Documents one after the other: any split of any bytes loses nothing and doubles nothing. */
#include "framing.h"
#include "pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	same_in_pieces(FRAMING_STREAM, false, bytes_of(p, n));
	return 0;
}
