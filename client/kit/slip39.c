#include "client/kit/slip39.h"

#include <sodium.h>
#include <string.h>

#include "client/kit/feistel.h"
#include "client/kit/spelling.h"

#define WORD_BITS 10
#define HEAD_WORDS 4
#define CHECKSUM_WORDS 3

/* --- words ----------------------------------------------------------------- */

int slip39_find(struct bytes word)
{
	_Static_assert(SLIP39_WORD_SIZE == SPELLING_SIZE, "one size");
	return spelling_find(slip39_words, SLIP39_LIST, word);
}

/* --- checksum -------------------------------------------------------------- */

static uint32_t polymod_step(uint32_t sum, unsigned int value)
{
	static const uint32_t generator[WORD_BITS] = {
		0x00e0e040, 0x01c1c080, 0x03838100, 0x07070200, 0x0e0e0009,
		0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890, 0x03f3f120,
	};
	uint32_t top = sum >> 20;
	size_t i;

	sum = (sum & 0xfffff) << WORD_BITS ^ value;
	for (i = 0; i < WORD_BITS; i++)
		sum ^= generator[i] & (0u - (top >> i & 1u));
	return sum;
}

/* RS1024 over the customization string and the words. */
static uint32_t polymod(bool extendable, const uint16_t *words, size_t n)
{
	const char *custom = extendable ? "shamir_extendable" : "shamir";
	uint32_t sum = 1;
	size_t i;

	for (i = 0; custom[i]; i++)
		sum = polymod_step(sum, (unsigned char)custom[i]);
	for (i = 0; i < n; i++)
		sum = polymod_step(sum, words[i]);
	return sum;
}

/* --- one share ------------------------------------------------------------- */

/* Bits of the words from most significant to least, and back. */
static unsigned int bits_get(const uint16_t *words, size_t *at, size_t n)
{
	unsigned int value = 0;

	for (; n > 0; n--, (*at)++) {
		size_t shift = WORD_BITS - 1 - *at % WORD_BITS;

		value = value << 1 |
			((unsigned int)words[*at / WORD_BITS] >> shift & 1u);
	}
	return value;
}

static void bits_put(uint16_t *words, size_t *at, size_t n, unsigned int value)
{
	for (; n > 0; n--, (*at)++) {
		size_t shift = WORD_BITS - 1 - *at % WORD_BITS;
		unsigned int bit = value >> (n - 1) & 1u;

		words[*at / WORD_BITS] |= (uint16_t)(bit << shift);
	}
}

static int read_words(uint16_t words[static SLIP39_WORDS_MAX],
		      struct bytes text, size_t *ret_n,
		      struct slip39_place *ret_place)
{
	struct bytes rest = text, word;
	size_t n = 0;

	while (spelling_next(&rest, &word))
		n++;
	if (n < SLIP39_WORDS_MIN || n > SLIP39_WORDS_MAX) {
		*ret_place = (struct slip39_place){ .number = n };
		return SLIP39_ERR_COUNT;
	}
	*ret_n = n;
	for (n = 0; spelling_next(&text, &word); n++) {
		int index = slip39_find(word);

		if (index < 0) {
			*ret_place = (struct slip39_place){ n + 1, word };
			return SLIP39_ERR_WORD;
		}
		words[n] = (uint16_t)index;
	}
	return 0;
}

static void read_head(struct slip39_share *ret, const uint16_t *words,
		      size_t *at)
{
	ret->id = (uint16_t)bits_get(words, at, 15);
	ret->extendable = bits_get(words, at, 1) != 0;
	ret->exponent = (uint8_t)bits_get(words, at, 4);
	ret->group = (uint8_t)bits_get(words, at, 4);
	ret->group_threshold = (uint8_t)(bits_get(words, at, 4) + 1);
	ret->group_count = (uint8_t)(bits_get(words, at, 4) + 1);
	ret->member = (uint8_t)bits_get(words, at, 4);
	ret->threshold = (uint8_t)(bits_get(words, at, 4) + 1);
}

static int read_share(struct slip39_share *ret, const uint16_t *words, size_t n,
		      struct slip39_place *ret_place)
{
	size_t bits = (n - HEAD_WORDS - CHECKSUM_WORDS) * WORD_BITS;
	size_t padding = bits % 16, at = 0, i;

	if (padding > 8) {
		*ret_place = (struct slip39_place){ .number = n };
		return SLIP39_ERR_COUNT;
	}
	/* The bit that decides which checksum it is, under that checksum. */
	read_head(ret, words, &at);
	if (polymod(ret->extendable, words, n) != 1)
		return SLIP39_ERR_CHECKSUM;
	if (ret->group_threshold > ret->group_count ||
	    ret->group >= ret->group_count ||
	    bits_get(words, &at, padding) != 0)
		return SLIP39_ERR_FORMAT;
	ret->n = (bits - padding) / 8;
	for (i = 0; i < ret->n; i++)
		ret->value[i] = (uint8_t)bits_get(words, &at, 8);
	return 0;
}

int slip39_read(struct slip39_share *ret, struct bytes text,
		struct slip39_place *ret_place)
{
	uint16_t words[SLIP39_WORDS_MAX];
	size_t n = 0;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = read_words(words, text, &n, ret_place);
	if (r == 0)
		r = read_share(ret, words, n, ret_place);
	if (r != 0)
		sodium_memzero(ret, sizeof(*ret));
	sodium_memzero(words, sizeof(words));
	return r;
}

static void write_head(uint16_t *words, size_t *at,
		       const struct slip39_share *share)
{
	bits_put(words, at, 15, share->id);
	bits_put(words, at, 1, share->extendable);
	bits_put(words, at, 4, share->exponent);
	bits_put(words, at, 4, share->group);
	bits_put(words, at, 4, share->group_threshold - 1u);
	bits_put(words, at, 4, share->group_count - 1u);
	bits_put(words, at, 4, share->member);
	bits_put(words, at, 4, share->threshold - 1u);
}

void slip39_write(char ret_text[static SLIP39_TEXT_SIZE],
		  const struct slip39_share *share)
{
	uint16_t words[SLIP39_WORDS_MAX] = { 0 };
	size_t value = (share->n * 8 + WORD_BITS - 1) / WORD_BITS;
	size_t n = HEAD_WORDS + value + CHECKSUM_WORDS, at = 0, i;
	uint32_t sum;

	REQUIRE(share->n <= SLIP39_SECRET_MAX);
	write_head(words, &at, share);
	at += value * WORD_BITS - share->n * 8; /* the padding, zeros */
	for (i = 0; i < share->n; i++)
		bits_put(words, &at, 8, share->value[i]);
	sum = polymod(share->extendable, words, n) ^ 1u;
	bits_put(words, &at, CHECKSUM_WORDS * WORD_BITS, sum);
	for (i = 0, at = 0; i < n; i++) {
		size_t length = strlen(slip39_words[words[i]]);

		memcpy(ret_text + at, slip39_words[words[i]], length);
		at += length;
		ret_text[at++] = ' ';
	}
	ret_text[at - 1] = '\0';
	sodium_memzero(words, sizeof(words));
}

/* --- splitting ------------------------------------------------------------- */

void slip39_split(struct slip39_share *ret, struct bytes secret,
		  const struct slip39_plan *plan)
{
	struct shamir_point points[SHAMIR_SHARES_MAX];
	uint8_t hidden[SLIP39_SECRET_MAX];
	const struct feistel how = {
		.id = plan->id & 0x7fff,
		.extendable = true,
		.exponent = plan->exponent,
	};
	size_t i;

	REQUIRE(secret.n % 2 == 0 && plan->exponent < 16);
	feistel_encrypt(&how, hidden, secret);
	shamir_split(points, plan->count, plan->threshold,
		     (struct bytes){ hidden, secret.n }, plan->random);
	for (i = 0; i < plan->count; i++) {
		ret[i] = (struct slip39_share){
			.id = how.id,
			.extendable = true,
			.exponent = plan->exponent,
			.group_threshold = 1,
			.group_count = 1,
			.member = points[i].x,
			.threshold = (uint8_t)plan->threshold,
			.n = secret.n,
		};
		memcpy(ret[i].value, points[i].value, secret.n);
	}
	sodium_memzero(points, sizeof(points));
	sodium_memzero(hidden, sizeof(hidden));
}

/* --- combining ------------------------------------------------------------- */

bool slip39_together(const struct slip39_share *a, const struct slip39_share *b)
{
	bool same_group = a->group == b->group;

	return a->id == b->id && a->extendable == b->extendable &&
	       a->exponent == b->exponent && a->n == b->n &&
	       a->group_threshold == b->group_threshold &&
	       a->group_count == b->group_count &&
	       (!same_group || a->threshold == b->threshold) &&
	       (!same_group || a->member != b->member ||
		sodium_memcmp(a->value, b->value, a->n) == 0);
}

static int check_set(const struct slip39_set *set, size_t *ret_at)
{
	size_t i, j;

	for (i = 1; i < set->n; i++)
		for (j = 0; j < i; j++)
			if (!slip39_together(&set->list[i], &set->list[j])) {
				*ret_at = i;
				return SLIP39_ERR_SET;
			}
	return 0;
}

static bool has_x(const struct shamir_point *points, size_t n, uint8_t x)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (points[i].x == x)
			return true;
	return false;
}

/* The value of one group, when enough of its members are there. */
static int group_value(struct shamir_point *ret, const struct slip39_set *set,
		       uint8_t group)
{
	struct shamir_point points[SHAMIR_SHARES_MAX] = { 0 };
	size_t n = 0, needed = SHAMIR_SHARES_MAX + 1, i;
	int r = SLIP39_ERR_FEW;

	for (i = 0; i < set->n && n < needed; i++) {
		const struct slip39_share *share = &set->list[i];

		if (share->group != group || has_x(points, n, share->member))
			continue;
		needed = share->threshold;
		points[n].x = share->member;
		memcpy(points[n].value, share->value, share->n);
		n++;
	}
	if (n == needed)
		r = shamir_recover(ret->value, set->list[0].n, points, n);
	if (r == SHAMIR_ERR_DIGEST)
		r = SLIP39_ERR_DIGEST;
	ret->x = group;
	sodium_memzero(points, sizeof(points));
	return r;
}

static int recover_groups(uint8_t *ret, const struct slip39_set *set)
{
	struct shamir_point groups[SLIP39_GROUPS_MAX] = { 0 };
	size_t n = 0, needed = set->list[0].group_threshold;
	uint8_t group;
	int r = 0;

	for (group = 0; group < SLIP39_GROUPS_MAX && n < needed; group++) {
		r = group_value(&groups[n], set, group);
		if (r == SLIP39_ERR_DIGEST)
			break;
		n += r == 0;
	}
	if (r != SLIP39_ERR_DIGEST)
		r = n == needed ? 0 : SLIP39_ERR_FEW;
	if (r == 0 && shamir_recover(ret, set->list[0].n, groups, n) != 0)
		r = SLIP39_ERR_DIGEST;
	sodium_memzero(groups, sizeof(groups));
	return r;
}

int slip39_combine(uint8_t ret[static SLIP39_SECRET_MAX], size_t *ret_n,
		   const struct slip39_set *set, struct bytes passphrase,
		   size_t *ret_at)
{
	const struct slip39_share *first = &set->list[0];
	uint8_t hidden[SLIP39_SECRET_MAX];
	struct feistel how;
	int r;

	REQUIRE(set->n >= 1 && set->n <= SLIP39_SHARES_MAX);
	r = check_set(set, ret_at);
	if (r == 0)
		r = recover_groups(hidden, set);
	if (r == 0) {
		how = (struct feistel){
			.id = first->id,
			.extendable = first->extendable,
			.exponent = first->exponent,
			.passphrase = passphrase,
		};
		feistel_decrypt(&how, ret, (struct bytes){ hidden, first->n });
		*ret_n = first->n;
	}
	sodium_memzero(hidden, sizeof(hidden));
	return r;
}
