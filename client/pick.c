#include "client/pick.h"

uint64_t pick_left(const Fob__Code *code, uint64_t now)
{
	if (code->valid_to == 0)
		return UINT64_MAX;
	return code->valid_to > now ? code->valid_to - now : 0;
}

bool pick_next(const struct pick *pick, const Fob__Code *code, uint64_t now)
{
	return pick->next ||
	       (pick->min_left > 0 && pick_left(code, now) < pick->min_left);
}
