/*
 * Which accounts a QUERY means. Three looks at the list, each only when the
 * one before found nothing: ids, whole names, words. Nothing is allocated:
 * the matches that come first in order are kept in the caller's array, which
 * is a heap with the last of them on top until all have been seen.
 */
#include "daemon/core/view/vault.h"

#include <string.h>

#include "proto/text.h"

#define ID_PREFIX_MIN 8 /* hex digits */
#define ID_HEX (2 * RECORD_ID_SIZE)

enum look { BY_ID, BY_NAME, BY_NAME_ANY_CASE, BY_WORDS, LOOKS };

struct search {
	const struct vault *vault;
	const struct vault_query *query;
	struct bytes text;
	uint32_t *ret;
	size_t max, kept, found;
};

/* --- order ----------------------------------------------------------------- */

static int lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int order_text(const char *a, const char *b)
{
	const unsigned char *x = (const unsigned char *)a;
	const unsigned char *y = (const unsigned char *)b;

	while (*x && lower(*x) == lower(*y)) {
		x++;
		y++;
	}
	return lower(*x) - lower(*y);
}

static int order(const struct search *search, uint32_t a, uint32_t b)
{
	const struct vault_entry *x = &search->vault->entries[a];
	const struct vault_entry *y = &search->vault->entries[b];
	int r;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	r = order_text(x->issuer, y->issuer);
	if (!r)
		r = order_text(x->account, y->account);
	return r ? r : memcmp(x->id, y->id, RECORD_ID_SIZE);
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

static void sift_down(const struct search *search, size_t at, size_t n)
{
	uint32_t *heap = search->ret;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= n)
			return;
		if (child + 1 < n &&
		    order(search, heap[child], heap[child + 1]) < 0)
			child++;
		if (order(search, heap[at], heap[child]) >= 0)
			return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

static void sift_up(const struct search *search, size_t at)
{
	uint32_t *heap = search->ret;

	while (at > 0 && order(search, heap[(at - 1) / 2], heap[at]) < 0) {
		swap(&heap[at], &heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void keep(struct search *search, uint32_t entry)
{
	search->found++;
	if (search->kept < search->max) {
		search->ret[search->kept] = entry;
		sift_up(search, search->kept++);
	} else if (search->max > 0 &&
		   order(search, entry, search->ret[0]) < 0) {
		search->ret[0] = entry;
		sift_down(search, 0, search->kept);
	}
}

static void sort(const struct search *search)
{
	for (size_t n = search->kept; n > 1; n--) {
		swap(&search->ret[0], &search->ret[n - 1]);
		sift_down(search, 0, n - 1);
	}
}

/* --- what matches ---------------------------------------------------------- */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (uint8_t)lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool by_id(const struct search *search, const struct vault_entry *entry)
{
	for (size_t i = 0; i < search->text.n; i++) {
		int digit = entry->id[i / 2] >> (i % 2 ? 0 : 4) & 15;

		if (hex_digit(search->text.p[i]) != digit)
			return false;
	}
	return true;
}

static bool equal(struct bytes a, struct bytes b, bool any_case)
{
	if (any_case)
		return text_same(a, b);
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Knowing the issuer, there is one place where the text can be split. */
static bool by_name(const struct search *search,
		    const struct vault_entry *entry, bool any_case)
{
	struct bytes text = search->text;
	struct bytes issuer = text_of(entry->issuer);
	struct bytes head = { text.p, issuer.n }, tail;

	if (text.n <= issuer.n ||
	    (text.p[issuer.n] != '/' && text.p[issuer.n] != ':'))
		return false;
	tail = (struct bytes){ text.p + issuer.n + 1, text.n - issuer.n - 1 };
	return equal(head, issuer, any_case) &&
	       equal(tail, text_of(entry->account), any_case);
}

/* The next word of *rest; false when there is none. */
static bool next_word(struct bytes *rest, struct bytes *ret)
{
	size_t from = 0, to;

	while (from < rest->n && strchr(" \t\r\n", rest->p[from]))
		from++;
	for (to = from; to < rest->n && !strchr(" \t\r\n", rest->p[to]);)
		to++;
	*ret = (struct bytes){ rest->p + from, to - from };
	*rest = (struct bytes){ rest->p + to, rest->n - to };
	return ret->n > 0;
}

static bool in_id(const struct vault_entry *entry, struct bytes word)
{
	char hex[TEXT_HEX_SIZE(RECORD_ID_SIZE)];

	for (size_t i = 0; i < word.n; i++)
		if (hex_digit(word.p[i]) < 0)
			return false;
	text_hex_encode(hex, sizeof(hex), BYTES(entry->id));
	return text_contains(text_of(hex), word);
}

/* A word has no space, so it lies in one of the three, never across. */
static bool by_words(const struct search *search,
		     const struct vault_entry *entry)
{
	struct bytes rest = search->text, word;

	while (next_word(&rest, &word))
		if (!text_contains(text_of(entry->issuer), word) &&
		    !text_contains(text_of(entry->account), word) &&
		    !in_id(entry, word))
			return false;
	return true;
}

static bool has_tag(const struct vault_entry *entry, const char *tag)
{
	for (uint32_t i = 0; i < entry->n_tags; i++)
		if (text_same(text_of(entry->tags[i]), text_of(tag)))
			return true;
	return false;
}

static bool wanted(const struct vault_query *query,
		   const struct vault_entry *entry)
{
	return entry->trashed == query->trashed &&
	       (query->group == NONE || query->group == entry->group) &&
	       (!query->conflicts || entry->conflict) &&
	       (!query->tag || has_tag(entry, query->tag));
}

static bool matches(const struct search *search, enum look look,
		    const struct vault_entry *entry)
{
	switch (look) {
	case BY_ID:
		return by_id(search, entry);
	case BY_NAME:
		return by_name(search, entry, false);
	case BY_NAME_ANY_CASE:
		return by_name(search, entry, true);
	case BY_WORDS:
		return by_words(search, entry);
	case LOOKS:
		break;
	}
	return false;
}

/* Can a text mean that at all? */
static bool worth_a_look(const struct search *search, enum look look)
{
	size_t n = search->text.n;

	if (look != BY_ID)
		return look == BY_WORDS || n > 0;
	for (size_t i = 0; i < n; i++)
		if (hex_digit(search->text.p[i]) < 0)
			return false;
	return n >= ID_PREFIX_MIN && n <= ID_HEX;
}

size_t vault_match(const struct vault *vault, const struct vault_query *query,
		   uint32_t *ret, size_t max)
{
	struct search search = { .vault = vault,
				 .query = query,
				 .text = text_of(query->text),
				 .ret = ret,
				 .max = max };

	for (enum look look = BY_ID; look < LOOKS && search.found == 0;
	     look = (enum look)(look + 1)) {
		if (!worth_a_look(&search, look))
			continue;
		for (uint32_t i = 0; i < vault->n; i++)
			if (wanted(query, &vault->entries[i]) &&
			    matches(&search, look, &vault->entries[i]))
				keep(&search, i);
	}
	sort(&search);
	return search.found;
}
