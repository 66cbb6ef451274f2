/*
 * The words of a recovery kit, and shares of one: any text; words of the list
 * in any order; and those that were written from any value, with a word
 * changed. What is read is written as the same words, and a wrong word never
 * passes for a right one where it could be noticed.
 *
 * Covers: bip39, slip39, shamir, feistel
 */
#include <stdlib.h>
#include <string.h>

#include "client/kit/bip39.h"
#include "client/kit/slip39.h"
#include "tests/fuzz/draw.h"

#define SHARES 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static void read_words(struct bytes text)
{
	uint8_t entropy[BIP39_ENTROPY_MAX], again[BIP39_ENTROPY_MAX];
	char words[BIP39_TEXT_SIZE];
	struct bip39_place place = { 0 };
	size_t n = 0, m = 0;
	int r = bip39_read(entropy, text, &n, &place);

	REQUIRE(r >= 0 && r <= BIP39_ERR_CHECKSUM);
	if (r == BIP39_ERR_WORD)
		REQUIRE(place.number > 0 && place.word.n > 0 &&
			bip39_find(place.word) < 0);
	if (r != 0)
		return;
	REQUIRE(n >= 16 && n <= 32 && n % 4 == 0);
	bip39_write(words, (struct bytes){ entropy, n });
	REQUIRE(bip39_read(again, text_bytes(words), &m, &place) == 0);
	REQUIRE(n == m && memcmp(entropy, again, n) == 0);
}

static int read_share(struct bytes text, struct slip39_share *ret)
{
	struct slip39_share again;
	struct slip39_place place = { 0 };
	char words[SLIP39_TEXT_SIZE];
	int r = slip39_read(ret, text, &place);

	REQUIRE(r >= 0 && r <= SLIP39_ERR_FORMAT);
	if (r != 0)
		return r;
	REQUIRE(ret->member < SHAMIR_SHARES_MAX && ret->n <= SLIP39_SECRET_MAX);
	slip39_write(words, ret);
	REQUIRE(slip39_read(&again, text_bytes(words), &place) == 0);
	REQUIRE(memcmp(again.value, ret->value, ret->n) == 0);
	REQUIRE(slip39_together(&again, ret));
	return 0;
}

/* Words of a list by number, so that only their sum is against them. */
static void spell(struct draw *draw, bool shares, char *text, size_t room)
{
	size_t at = 0;

	while (!draw_over(draw) && at + 2 * BIP39_WORD_SIZE < room) {
		const char *word =
			shares ? slip39_words[draw_below(draw, SLIP39_LIST)] :
				 bip39_words[draw_below(draw, BIP39_LIST)];
		size_t n = strlen(word);

		memcpy(text + at, word, n);
		text[at + n] = ' ';
		at += n + 1;
	}
	text[at] = '\0';
}

/* One that was written, with a byte changed. */
static void change(struct draw *draw, char *text)
{
	size_t n = strlen(text), at;

	if (n == 0 || draw_byte(draw) & 1)
		return;
	at = draw_below(draw, (uint32_t)n);
	text[at] = (char)draw_byte(draw);
	if (text[at] == '\0')
		text[at] = ' ';
}

static void written_words(struct draw *draw)
{
	uint8_t entropy[BIP39_ENTROPY_MAX];
	char words[BIP39_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(entropy); i++)
		entropy[i] = draw_byte(draw);
	bip39_write(words,
		    (struct bytes){ entropy, 16 + 4 * draw_below(draw, 5) });
	change(draw, words);
	read_words(text_bytes(words));
}

static void combine(const struct slip39_share *shares, size_t n)
{
	struct slip39_set set = { shares, n };
	uint8_t secret[SLIP39_SECRET_MAX];
	size_t m = 0, at = n;
	int r;

	/* Others ask for more work than there is time for here. */
	for (size_t i = 0; i < n; i++)
		if (shares[i].exponent > 0)
			return;
	if (n == 0)
		return;
	r = slip39_combine(secret, &m, &set, (struct bytes){ NULL, 0 }, &at);
	REQUIRE(r == 0 || (r >= SLIP39_ERR_SET && r <= SLIP39_ERR_DIGEST));
	REQUIRE(r != 0 || (m >= 16 && m <= SLIP39_SECRET_MAX));
	REQUIRE(r != SLIP39_ERR_SET || at < n);
}

static void alter(struct draw *draw, struct slip39_share *share)
{
	switch (draw_byte(draw)) {
	case 1:
		share->group = draw_byte(draw) % 16;
		break;
	case 2:
		share->group_count = 1 + draw_byte(draw) % 16;
		break;
	case 3:
		share->threshold = 1 + draw_byte(draw) % 16;
		break;
	case 4:
		share->member = draw_byte(draw) % 16;
		break;
	case 5:
		share->group_threshold = 1 + draw_byte(draw) % 16;
		break;
	case 6:
		share->extendable = !share->extendable;
		break;
	case 7:
		share->value[draw_below(draw, 16)] ^= draw_byte(draw);
		break;
	default:
		break;
	}
}

static void written_shares(struct draw *draw)
{
	static struct slip39_share made[SHARES], read[SHARES];
	static uint8_t random[SHARES * SHAMIR_VALUE_MAX];
	struct slip39_plan plan = { .random = random };
	uint8_t secret[SLIP39_SECRET_MAX];
	char words[SLIP39_TEXT_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = draw_byte(draw);
	random[0] = draw_byte(draw);
	plan.count = 1 + draw_below(draw, SHARES);
	plan.threshold = 1 + draw_below(draw, (uint32_t)plan.count);
	plan.id = draw_byte(draw);
	/* A threshold of one with many members is refused by the standard. */
	if (plan.threshold == 1)
		plan.count = 1;
	slip39_split(made,
		     (struct bytes){ secret, 16 + 2 * draw_below(draw, 9) },
		     &plan);
	for (size_t i = 0; i < plan.count; i++) {
		alter(draw, &made[i]);
		slip39_write(words, &made[i]);
		change(draw, words);
		if (read_share(text_bytes(words), &read[n]) == 0)
			n++;
	}
	/* It costs what ten thousand hashes do. */
	if (draw_byte(draw) % 8 == 0)
		combine(read, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slip39_share share;
	struct draw draw;
	char text[512];
	uint8_t how;

	draw_init(&draw, (struct bytes){ data, size });
	how = draw_byte(&draw) % 5;
	if (how == 0) {
		read_words(draw.in);
		if (read_share(draw.in, &share) == 0)
			combine(&share, 1);
	} else if (how < 3) {
		spell(&draw, how == 2, text, sizeof(text));
		read_words(text_bytes(text));
		(void)read_share(text_bytes(text), &share);
	} else if (how == 3) {
		written_words(&draw);
	} else {
		written_shares(&draw);
	}
	draw_deinit(&draw);
	return 0;
}
