#include "client/kit_words.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/kit_shares.h"
#include "client/prompt.h"
#include "client/report.h"
#include "proto/secret.h"

#define TEXT_SIZE 8192 /* more than 16 shares */

void kit_words_free(uint8_t **seed)
{
	secret_free(*seed);
	*seed = NULL;
}

/* --- words ----------------------------------------------------------------- */

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
			    "these are %zu words, and a kit has 24, a share of "
			    "it 33",
			    place->number);
	case BIP39_ERR_CHECKSUM:
		return fail(fob, STATUS_REFUSED,
			    "these words are not a kit: one of them is "
			    "another word, or two are swapped");
	default:
		return fail(fob, STATUS_REFUSED, "a kit has 24 words");
	}
}

static int take_words(struct fob *fob, struct bytes text, uint8_t *ret_seed)
{
	struct bip39_place place = { 0 };
	size_t n = 0;
	int r = bip39_read(ret_seed, text, &n, &place);

	if (r != 0 || n != BIP39_ENTROPY_MAX)
		return wrong(fob, r, &place);
	return 0;
}

/* --- which of the two ------------------------------------------------------ */

static bool space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Cuts off what is up to the end of the line. */
static struct bytes cut_line(struct bytes *text)
{
	struct bytes line = { text->p, 0 };

	while (line.n < text->n && line.p[line.n] != '\n')
		line.n++;
	text->p += line.n;
	text->n -= line.n;
	if (text->n > 0) {
		text->p++;
		text->n--;
	}
	return line;
}

/* Cuts off so many words, or all that there are; *ret_n: how many. */
static struct bytes cut_words(struct bytes *text, size_t most, size_t *ret_n)
{
	struct bytes part = { text->p, 0 };
	size_t n = 0;

	while (part.n < text->n) {
		bool begins = !space(part.p[part.n]) &&
			      (part.n == 0 || space(part.p[part.n - 1]));

		if (begins && n == most)
			break;
		n += begins;
		part.n++;
	}
	text->p += part.n;
	text->n -= part.n;
	*ret_n = n;
	return part;
}

static size_t count_words(struct bytes text)
{
	size_t n;

	cut_words(&text, SIZE_MAX, &n);
	return n;
}

/*
 * Shares that lost their lines are told by their number of words; and one
 * with a word too few or too many by its line, which is longer than a kit.
 */
enum form { FORM_WORDS, FORM_LINES, FORM_STREAM };

static enum form judge(struct bytes text)
{
	size_t n = count_words(text);

	if (n > 0 && n % SLIP39_WORDS_MAX == 0)
		return FORM_STREAM;
	while (text.n > 0)
		if (count_words(cut_line(&text)) > BIP39_WORDS_MAX)
			return FORM_LINES;
	return FORM_WORDS;
}

static int take_shares(struct fob *fob, struct kit_shares *shares,
		       struct bytes text, enum form form)
{
	struct bytes part;
	size_t n;
	int r = 0;

	while (r == 0 && text.n > 0) {
		if (form == FORM_LINES) {
			part = cut_line(&text);
			n = count_words(part);
		} else {
			part = cut_words(&text, SLIP39_WORDS_MAX, &n);
		}
		if (n > 0)
			r = kit_shares_add(fob, shares, part);
	}
	return r;
}

/* --- from where ------------------------------------------------------------ */

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
	return fail(fob, STATUS_REFUSED,
		    "these are neither 24 words nor shares of them");
}

static int read_text(struct fob *fob, char *text, size_t *ret_n)
{
	if (!isatty(STDIN_FILENO))
		return read_input(fob, text, ret_n);
	if (prompt_secret("The 24 words of the recovery kit, or a share: ",
			  (uint8_t *)text, TEXT_SIZE, ret_n) != 0)
		return fail(fob, STATUS_LOCKED, "no words were given");
	return 0;
}

/* At a terminal the others are asked for, once the first is there. */
static int ask_shares(struct fob *fob, struct kit_shares *shares, char *text)
{
	char question[64];
	size_t n;
	int r = 0;

	while (r == 0 && kit_shares_missing(shares) > 0) {
		snprintf(question, sizeof(question),
			 "Share %zu, %zu %s: ", shares->n + 1,
			 kit_shares_missing(shares),
			 kit_shares_missing(shares) == 1 ? "is missing" :
							   "are missing");
		if (prompt_secret(question, (uint8_t *)text, TEXT_SIZE, &n) !=
		    0)
			break;
		if (n > 0)
			r = kit_shares_add(fob, shares,
					   (struct bytes){ (uint8_t *)text,
							   n });
	}
	return r;
}

static int from_shares(struct fob *fob, char *text, size_t n, enum form form,
		       uint8_t *ret_seed)
{
	struct kit_shares *shares = secret_alloc(sizeof(*shares));
	int r;

	if (!shares)
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	r = take_shares(fob, shares, (struct bytes){ (uint8_t *)text, n },
			form);
	if (r == 0 && isatty(STDIN_FILENO))
		r = ask_shares(fob, shares, text);
	if (r == 0)
		r = kit_shares_combine(fob, shares, ret_seed);
	secret_free(shares);
	return r;
}

int kit_words_or_shares(struct fob *fob, uint8_t **ret_seed, bool *ret_shares)
{
	uint8_t *seed AUTO_KIT_WORDS = secret_alloc(BIP39_ENTROPY_MAX);
	char *text = secret_alloc(TEXT_SIZE);
	enum form form = FORM_WORDS;
	size_t n = 0;
	int r;

	if (!seed || !text) {
		secret_free(text);
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	}
	r = read_text(fob, text, &n);
	if (r == 0)
		form = judge((struct bytes){ (uint8_t *)text, n });
	if (r == 0 && form == FORM_WORDS)
		r = take_words(fob, (struct bytes){ (uint8_t *)text, n }, seed);
	else if (r == 0)
		r = from_shares(fob, text, n, form, seed);
	secret_free(text);
	if (r != 0)
		return r;
	*ret_shares = form != FORM_WORDS;
	*ret_seed = seed;
	seed = NULL;
	return 0;
}

int kit_words_read(struct fob *fob, uint8_t **ret_seed)
{
	bool shares;

	return kit_words_or_shares(fob, ret_seed, &shares);
}
