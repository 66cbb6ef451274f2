#include "client/kit_shares.h"

#include <sodium.h>
#include <string.h>

#include "client/report.h"

static int wrong(struct fob *fob, int r, size_t share,
		 const struct slip39_place *place)
{
	switch (r) {
	case SLIP39_ERR_WORD:
		return fail(fob, STATUS_REFUSED,
			    "share %zu: word %zu is not in the list: %.*s",
			    share, place->number,
			    (int)size_min(place->word.n, 32),
			    (const char *)place->word.p);
	case SLIP39_ERR_COUNT:
		return fail(fob, STATUS_REFUSED,
			    "share %zu has %zu words, and a share of a kit has "
			    "%d",
			    share, place->number, SLIP39_WORDS_MAX);
	default:
		return fail(fob, STATUS_REFUSED,
			    "share %zu is none: one of its words is another "
			    "word, or two are swapped",
			    share);
	}
}

/* Does it go with the others? Told when not. */
static int check(struct fob *fob, const struct kit_shares *shares,
		 const struct slip39_share *share)
{
	size_t i;

	if (share->n != SLIP39_SECRET_MAX)
		return fail(fob, STATUS_REFUSED,
			    "share %zu is too short to be one of a kit",
			    shares->given);
	for (i = 0; i < shares->n; i++)
		if (!slip39_together(&shares->list[i], share))
			return fail(fob, STATUS_REFUSED,
				    "share %zu is of another kit than share 1, "
				    "or of another splitting of it",
				    shares->given);
	return 0;
}

static bool known(const struct kit_shares *shares,
		  const struct slip39_share *share)
{
	size_t i;

	for (i = 0; i < shares->n; i++)
		if (shares->list[i].group == share->group &&
		    shares->list[i].member == share->member)
			return true;
	return false;
}

int kit_shares_add(struct fob *fob, struct kit_shares *shares,
		   struct bytes text)
{
	struct slip39_share share;
	struct slip39_place place = { 0 };
	int r;

	shares->given++;
	r = slip39_read(&share, text, &place);
	if (r != 0)
		return wrong(fob, r, shares->given, &place);
	r = check(fob, shares, &share);
	if (r == 0 && known(shares, &share))
		note(fob, "Share %zu was given before.", shares->given);
	else if (r == 0 && shares->n == ARRAY_SIZE(shares->list))
		r = fail(fob, STATUS_REFUSED, "too many shares");
	else if (r == 0)
		shares->list[shares->n++] = share;
	sodium_memzero(&share, sizeof(share));
	return r;
}

size_t kit_shares_missing(const struct kit_shares *shares)
{
	const struct slip39_share *first = &shares->list[0];
	uint8_t seed[SLIP39_SECRET_MAX];
	size_t n, at;
	int r;

	if (shares->n == 0)
		return 1;
	if (first->group_count == 1)
		return first->threshold > shares->n ?
			       first->threshold - shares->n :
			       0;
	r = slip39_combine(seed, &n,
			   &(struct slip39_set){ shares->list, shares->n },
			   (struct bytes){ NULL, 0 }, &at);
	sodium_memzero(seed, sizeof(seed));
	return r == SLIP39_ERR_FEW ? 1 : 0;
}

static int too_few(struct fob *fob, const struct kit_shares *shares)
{
	size_t missing = kit_shares_missing(shares);

	if (shares->list[0].group_count > 1)
		return fail(fob, STATUS_REFUSED,
			    "%zu shares: more are needed, of %u groups",
			    shares->n, shares->list[0].group_threshold);
	return fail(fob, STATUS_REFUSED, "%zu of %u shares: %zu more %s needed",
		    shares->n, shares->list[0].threshold, missing,
		    missing == 1 ? "is" : "are");
}

int kit_shares_combine(struct fob *fob, const struct kit_shares *shares,
		       uint8_t *ret_seed)
{
	size_t n, at = 0;
	int r;

	if (shares->n == 0)
		return fail(fob, STATUS_REFUSED, "no shares were given");
	r = slip39_combine(ret_seed, &n,
			   &(struct slip39_set){ shares->list, shares->n },
			   (struct bytes){ NULL, 0 }, &at);
	if (r == SLIP39_ERR_FEW)
		return too_few(fob, shares);
	if (r != 0)
		return fail(fob, STATUS_REFUSED,
			    "these shares do not fit together: they are not "
			    "all of one kit");
	return 0;
}
