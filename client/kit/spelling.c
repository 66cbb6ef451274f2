#include "client/kit/spelling.h"

#include <sodium.h>
#include <string.h>

static bool space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool spelling_next(struct bytes *text, struct bytes *ret_word)
{
	size_t n = 0;

	while (text->n > 0 && space(text->p[0])) {
		text->p++;
		text->n--;
	}
	while (n < text->n && !space(text->p[n]))
		n++;
	*ret_word = (struct bytes){ text->p, n };
	text->p += n;
	text->n -= n;
	return n > 0;
}

static int search(const char (*list)[SPELLING_SIZE], int n, const char *word)
{
	int low = 0, high = n - 1;

	while (low <= high) {
		int middle = (low + high) / 2;
		int order = strcmp(word, list[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}

int spelling_find(const char (*list)[SPELLING_SIZE], int n, struct bytes word)
{
	char lower[SPELLING_SIZE] = { 0 };
	int found;

	if (word.n == 0 || word.n >= SPELLING_SIZE)
		return -1;
	for (size_t i = 0; i < word.n; i++) {
		uint8_t c = word.p[i];

		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	found = search(list, n, lower);
	sodium_memzero(lower, sizeof(lower));
	return found;
}
