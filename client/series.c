#include "client/series.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/account.h"
#include "client/prompt.h"
#include "client/qr_picture.h"
#include "client/report.h"

struct series {
	struct fob *fob;
	char *text;   /* owned, all lines */
	char **lines; /* owned, into the text */
	size_t size, n;
};

static void series_free(struct series *series)
{
	if (series->text)
		sodium_memzero(series->text, series->size);
	free(series->text);
	free(series->lines);
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static int join(const struct parsed *parsed, struct series *ret)
{
	size_t n = 0;

	ret->size = 1;
	for (size_t i = 0; i < parsed->n; i++)
		ret->size += parsed->list[i].message->data.len;
	ret->text = calloc(1, ret->size);
	for (size_t i = 0; ret->text && i < parsed->n; i++) {
		struct bytes data =
			account_bytes(parsed->list[i].message->data);

		if (data.n > 0)
			memcpy(ret->text + n, data.p, data.n);
		n += data.n;
	}
	if (ret->text)
		ret->lines =
			calloc(count_lines(ret->text), sizeof(*ret->lines));
	return ret->lines ? 0 : -1;
}

static int split(const struct parsed *parsed, struct series *ret)
{
	char *line, *rest = NULL;

	if (join(parsed, ret) < 0)
		return fail(ret->fob, STATUS_FAILED, "out of memory");
	for (line = strtok_r(ret->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		ret->lines[ret->n++] = line;
	return 0;
}

static int draw(void *context, size_t i)
{
	const struct series *series = context;
	int r = qr_picture(series->fob, series->lines[i]);

	if (r == 0)
		fprintf(stderr, "%zu of %zu%s", i + 1, series->n,
			series->n == 1 ?
				"  (q: done)" :
				"  (space: next, p: previous, q: done)");
	return r;
}

int series_show(struct fob *fob, const struct parsed *parsed)
{
	CLEANUP(series_free) struct series series = { .fob = fob };
	int r = split(parsed, &series);

	if (r != 0)
		return r;
	/* Nobody to press a key: one below the other. */
	if (fob->yes || !prompt_possible()) {
		for (size_t i = 0; r == 0 && i < series.n; i++) {
			r = draw(&series, i);
			fputc('\n', stderr);
		}
		return r;
	}
	r = prompt_pages(series.n, draw, &series);
	return r < 0 ? fail(fob, STATUS_FAILED, "the terminal: %s",
			    strerror(-r)) :
		       r;
}
