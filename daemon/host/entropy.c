#include "daemon/host/entropy.h"

#include <sodium.h>

void entropy_fill(void *ret, size_t n)
{
	randombytes_buf(ret, n);
}
