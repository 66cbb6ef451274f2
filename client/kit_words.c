#include "client/kit_words.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "client/prompt.h"
#include "client/report.h"
#include "proto/secret.h"

#define TEXT_SIZE 1024

void kit_words_free(uint8_t **seed)
{
	secret_free(*seed);
	*seed = NULL;
}

/* Standard input to its end. */
static int read_input(struct fob *fob, char *text, size_t *ret_n)
{
	size_t n = 0;

	while (n < TEXT_SIZE) {
		ssize_t got = read(STDIN_FILENO, text + n, TEXT_SIZE - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(fob, STATUS_FAILED, "standard input: %s",
				    strerror(errno));
		if (got == 0) {
			*ret_n = n;
			return 0;
		}
		n += (size_t)got;
	}
	return fail(fob, STATUS_REFUSED, "these are not 24 words");
}

static int read_text(struct fob *fob, char *text, size_t *ret_n)
{
	if (!isatty(STDIN_FILENO))
		return read_input(fob, text, ret_n);
	if (prompt_secret("The 24 words of the recovery kit: ", (uint8_t *)text,
			  TEXT_SIZE, ret_n) != 0)
		return fail(fob, STATUS_LOCKED, "no words were given");
	return 0;
}

static int wrong(struct fob *fob, int r, const struct bip39_place *place)
{
	switch (r) {
	case BIP39_ERR_WORD:
		return fail(fob, STATUS_REFUSED,
			    "word %zu is not in the list: %.*s", place->number,
			    (int)size_min(place->word.n, 32),
			    (const char *)place->word.p);
	case BIP39_ERR_COUNT:
		return fail(fob, STATUS_REFUSED,
			    "these are %zu words, and a kit has 24",
			    place->number);
	case BIP39_ERR_CHECKSUM:
		return fail(fob, STATUS_REFUSED,
			    "these words are not a kit: one of them is "
			    "another word, or two are swapped");
	default:
		return fail(fob, STATUS_REFUSED, "a kit has 24 words");
	}
}

int kit_words_read(struct fob *fob, uint8_t **ret_seed)
{
	struct bip39_place place = { 0 };
	uint8_t *seed AUTO_KIT_WORDS = secret_alloc(BIP39_ENTROPY_MAX);
	char *text = secret_alloc(TEXT_SIZE);
	size_t n = 0, n_seed = 0;
	int r;

	if (!seed || !text) {
		secret_free(text);
		return fail(fob, STATUS_FAILED, "no locked memory to be had");
	}
	r = read_text(fob, text, &n);
	if (r == 0) {
		r = bip39_read(seed, (struct bytes){ (uint8_t *)text, n },
			       &n_seed, &place);
		if (r != 0 || n_seed != BIP39_ENTROPY_MAX)
			r = wrong(fob, r, &place);
	}
	secret_free(text);
	if (r != 0)
		return r;
	*ret_seed = seed;
	seed = NULL;
	return 0;
}
